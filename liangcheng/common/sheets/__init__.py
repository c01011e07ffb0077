"""Excel in and out for pages with many rows: reading what anybody may have made, cells, writing."""
