"""The form of a discovery. Shape only; what is right `workflow.discover` knows."""

import uuid
from typing import Any

from django import forms

from cases import borders
from cases.choices import Nature, Source, Urgency
from cases.forms import MOST_PHOTOS, PhotosField
from cases.models import Case, Category
from cases.places import default_grid_id, grids_to_file_at, located, written
from cases.workflow import Report
from grids.choices import SHORT_LEVEL
from grids.scoping import scope_of
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError
from liangcheng.common.web import PlainField, Segments, TextField
from members.addresses import Address
from members.models import Building

_RECENT_LOOKED_AT = 40
_RECENT_SHOWN = 6
# Where the rule speaks of a field that stands here under another name.
_SHOWN_AT = {"address": "place", "title": "description", "unit_id": "road", "building_id": "road"}


class CategorySelect(forms.Select):
    """A grouped select; the picker's script searches it by name, 俗称 and pinyin initials."""

    rows: dict[str, Category] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        row = self.rows.get(str(value))
        if row:
            option["attrs"] |= {
                "data-words": f"{row.name}|{row.synonyms}",
                "data-pinyin": row.name_pinyin,
                "data-hint": _told(row),
            }
        return option


def _told(row: Category) -> str:
    parts = [f"首办{SHORT_LEVEL[row.default_level]}"]
    if row.urgency != Urgency.NORMAL:
        parts.append(row.get_urgency_display())
    if row.photo_required:
        parts.append("处置须附照片")
    return "，".join(parts)


class ReportForm(forms.Form):
    category_code = forms.CharField(
        label="案件类别",
        widget=CategorySelect(attrs={"data-picker": "1"}),
        error_messages={"required": "请选择案件类别。"},
    )
    description = TextField(
        label="情况描述", rows=4, placeholder="什么事、在哪里、有多严重", error_messages={"required": "请写明情况。"}
    )
    photos = PhotosField(label="现场照片")
    grid_code = forms.CharField(label="所在网格", widget=forms.Select, required=False)
    road = PlainField(
        label="路名", required=False, widget=forms.TextInput({"list": "roads", "placeholder": "如 凉城路"})
    )
    lane = PlainField(label="弄", required=False, widget=forms.TextInput({"inputmode": "numeric"}))
    number = PlainField(label="号", required=False, widget=forms.TextInput({"inputmode": "numeric"}))
    room = PlainField(label="室", required=False, widget=forms.TextInput({"inputmode": "numeric"}))
    place = PlainField(label="具体位置", required=False, widget=forms.TextInput({"placeholder": "如 3 号楼北侧垃圾房"}))
    reporter_anonymous = forms.BooleanField(label="反映人要求匿名", required=False)
    reporter_name = PlainField(label="姓名", required=False, widget=forms.TextInput({"autocomplete": "off"}))
    reporter_phone = PlainField(
        label="电话", required=False, widget=forms.TextInput({"type": "tel", "autocomplete": "off"})
    )
    wants_reply = forms.BooleanField(label="要求回复", required=False)
    source = forms.ChoiceField(label="来源", choices=Source.choices, widget=Segments, initial=Source.PATROL)
    nature = forms.ChoiceField(label="性质", choices=Nature.choices, widget=Segments, initial=Nature.COMPLAINT)
    urgency = forms.ChoiceField(
        label="紧急程度", choices=[("", "按类别"), *Urgency.choices], required=False, widget=Segments, initial=""
    )
    second_grid_code = forms.CharField(
        label="相邻网格", required=False, widget=forms.Select, help_text="事情在两个网格交界处的，请再选一个。"
    )
    confidential = forms.BooleanField(label="保密件（只有办理人员能看到）", required=False)
    resolved_on_spot = forms.BooleanField(label="已当场解决", required=False)
    result = TextField(label="处置结果", required=False, rows=3, placeholder="做了什么，现在怎样")
    result_photos = PhotosField(label="处置后照片")
    key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)
    # The case that this one follows up, and the similar ones that were before the user's eyes.
    follows = PlainField(widget=forms.HiddenInput, required=False)
    shown = PlainField(required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.initial.setdefault("key", uuid.uuid4().hex)
        for name in ("source", "nature", "urgency", "grid_code", "lane", "number", "room", "result"):
            self.fields[name].show_optional = False  # type: ignore[attr-defined]
        for name in ("source", "nature", "urgency"):
            self.fields[name].error_messages["invalid_choice"] = "没有这个选项，请重新选择。"
        self._offer_grids()
        self._offer_categories()

    def _offer_grids(self) -> None:
        self.grids = {grid.code: grid for grid in grids_to_file_at(self.user)}
        self.fields["grid_code"].widget.choices = [  # type: ignore[attr-defined]
            ("", "按地址查找"),
            *((grid.code, f"{'　' * grid.level}{grid.short_name}") for grid in self.grids.values()),
        ]
        if self.initial.get("grid_code") not in self.grids:
            own = default_grid_id(self.user)
            self.initial["grid_code"] = next((grid.code for grid in self.grids.values() if grid.pk == own), "")
        streets = {grid.community_id for grid in self.grids.values()}
        select: Any = self.fields["second_grid_code"].widget
        select.choices = [("", "没有"), *borders.neighbours(streets, self.grids.values())]

    def _offer_categories(self) -> None:
        self.categories = {row.code: row for row in Category.objects.filter(is_active=True).order_by("code")}
        groups: dict[str, list[tuple[str, str]]] = {}
        for row in self.categories.values():
            groups.setdefault(row.major_name, []).append((row.code, row.name))
        select: Any = self.fields["category_code"].widget
        select.rows = self.categories
        select.choices = [("", "请选择"), *groups.items()]
        select.attrs["data-recent"] = " ".join(self._recent())

    def _recent(self) -> list[str]:
        """What this user filed lately comes first in the picker."""
        last = Case.objects.filter(discovered_by=self.user).order_by("-pk").values_list("category__code", flat=True)
        return list(dict.fromkeys(code for code in last[:_RECENT_LOOKED_AT] if code in self.categories))[:_RECENT_SHOWN]

    def roads(self) -> list[str]:
        """The roads of the address book where the user may file, for the browser to complete."""
        rows = Building.objects.active().filter(scope_of(self.user).subtree_condition())
        return list(rows.order_by("road").values_list("road", flat=True).distinct()[:200])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if len(cleaned.get("photos") or ()) + len(cleaned.get("result_photos") or ()) > MOST_PHOTOS:
            self.add_error("photos", f"一次最多选 {MOST_PHOTOS} 张照片。")
        return cleaned

    def address(self) -> Address:
        """The address taken apart."""
        return written(*(self.cleaned_data[name] for name in ("road", "lane", "number", "room")))

    def whole_address(self) -> str:
        """The address as the case keeps it: what the book can know, then the words for the exact spot."""
        return " ".join(filter(None, (str(self.address()), self.cleaned_data["place"])))

    def report(self) -> Report:
        """What the form says, as the rule takes it. The address book may name a grid below the chosen one."""
        data = self.cleaned_data
        address = self.address()
        plain = ("category_code", "description", "nature", "source", "urgency", "second_grid_code", "reporter_name")
        more = ("reporter_phone", "reporter_anonymous", "wants_reply", "confidential", "resolved_on_spot", "result")
        return Report(
            grid_code=self._grid_code(address),
            address=self.whole_address(),
            **{name: data[name] for name in (*plain, *more)},
        )

    def _grid_code(self, address: Address) -> str:
        chosen: str = self.cleaned_data["grid_code"]
        found = located(self.user, address)
        if found is None:
            return chosen
        above = self.grids.get(chosen)
        # Another grid than the chosen one's: whoever stands there knows better than the book.
        return found.code if not chosen or (above and above.contains(found)) else chosen

    def refuse(self, error: DomainError, photos_field: str = "photos") -> None:
        """Show a refusal where it can be mended."""
        name = _SHOWN_AT.get(error.field or "", error.field)
        if name == "photos":
            name = photos_field
        self.add_error(name if name in self.fields else None, error.message)
