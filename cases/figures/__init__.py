"""Figures of cases: exact, and explained by the list behind each (ADR 0021).

`measures` says what is counted, `kpis` which ratios are made of it, `selection` of which cases and days,
`counting` counts. A figure and the list that it links to are one condition.
"""
