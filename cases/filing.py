"""The form of a discovery. Shape only; what is right `workflow.discover` knows."""

import uuid
from typing import Any

from django import forms

from cases import borders
from cases.choices import Nature, Source, Urgency
from cases.forms import MOST_PHOTOS, PhotosField
from cases.models import Case, Category
from cases.places import address_in, default_grid_id, grids_to_file_at, house_of, located, written
from cases.workflow import Report
from grids.choices import SHORT_LEVEL
from grids.models import Grid
from grids.scoping import scope_of
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError
from liangcheng.common.web import PlainField, Segments, TextField
from members import suggestions
from members.addresses import Address
from members.models import Building
from members.suggestions import Picked

_RECENT_LOOKED_AT = 40
_RECENT_SHOWN = 6
# A select with more entries than this is searched in.
_SHORT_SELECT = 12
# Where the rule speaks of a field that stands here under another name.
_SHOWN_AT = {"address": "place", "title": "description", "unit_id": "spot", "building_id": "spot"}


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


class GridSelect(forms.Select):
    """Searched by name and initials where it is long: a street has two hundred grids."""

    rows: dict[str, Grid] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        row = self.rows.get(str(value))
        if row:
            full = "" if row.name == row.short_name else row.name
            option["attrs"] |= {"data-words": f"{row.short_name}|{full}", "data-pinyin": row.name_pinyin}
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
        widget=CategorySelect(attrs={"data-picker": "类别", "data-example": "ls 找漏水"}),
        error_messages={"required": "请选择案件类别。"},
    )
    description = TextField(
        label="情况描述", rows=4, placeholder="什么事、在哪里、有多严重", error_messages={"required": "请写明情况。"}
    )
    photos = PhotosField(label="现场照片")
    grid_code = forms.CharField(label="所在网格", widget=GridSelect, required=False)
    spot = PlainField(
        label="小区、单位或地址",
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "placeholder": "名称、拼音首字母或地址，如 lcl123 4"}),
    )
    # What was picked for it: see members.suggestions.Choice.
    chosen = PlainField(required=False)
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
        self.picked: Picked | None = None
        self.initial.setdefault("key", uuid.uuid4().hex)
        for name in ("source", "nature", "urgency", "grid_code", "lane", "number", "room", "result", "spot"):
            self.fields[name].show_optional = False  # type: ignore[attr-defined]
        for name in ("source", "nature", "urgency"):
            self.fields[name].error_messages["invalid_choice"] = "没有这个选项，请重新选择。"
        self._offer_grids()
        self._offer_categories()

    def _offer_grids(self) -> None:
        self.grids = {grid.code: grid for grid in grids_to_file_at(self.user)}
        select: Any = self.fields["grid_code"].widget
        if len(self.grids) > _SHORT_SELECT:
            select.rows = self.grids
            select.attrs |= {"data-picker": "网格", "data-example": "wyy 找文苑一"}
        select.choices = [
            ("", "按地址查找"),
            *((grid.code, f"{'　' * grid.level}{grid.short_name}") for grid in self.grids.values()),
        ]
        if self.initial.get("grid_code") not in self.grids:
            own = default_grid_id(self.user)
            self.initial["grid_code"] = next((grid.code for grid in self.grids.values() if grid.pk == own), "")
        streets = {grid.community_id for grid in self.grids.values()}
        self.fields["second_grid_code"].widget.choices = [  # type: ignore[attr-defined]
            ("", "没有"),
            *borders.neighbours(streets, self.grids.values()),
        ]

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
        self._pick(cleaned)
        return cleaned

    def _pick(self, cleaned: dict[str, Any]) -> None:
        """The unit or building that was chosen, or that was typed out in full."""
        value, spot = cleaned.get("chosen") or "", cleaned.get("spot") or ""
        if value:
            self.picked = suggestions.chosen(self.user, value)
            if self.picked is None:
                self.add_error("spot", "所选的单位或楼栋已停用，或不在您负责的范围内，请重新查找。")
        elif spot and not cleaned.get("road"):
            self.picked = suggestions.meant(self.user, spot)
        if self.picked and self.picked.building and cleaned.get("road"):
            typed = written(*(cleaned.get(name) or "" for name in ("road", "lane", "number")))
            if typed != house_of(self.picked):
                self.add_error("spot", f"选的是{self.picked.title}，和下面填的路、弄、号不一致，请只留一处。")

    def address(self) -> Address:
        """The address taken apart: of the building that was picked, else as it was written."""
        return address_in(self.cleaned_data, self.picked)

    def whole_address(self) -> str:
        """The address as the case keeps it: what the book can know, then the words for the exact spot."""
        address, data = self.address(), self.cleaned_data
        known = str(address)
        if self.picked and not self.picked.building and not (address.lane or address.number):
            known = self.picked.unit.address + str(Address(room=address.room))
        return " ".join(filter(None, (known, data["place"])))

    def report(self) -> Report:
        """What the form says, as the rule takes it. The address book may name a grid below the chosen one."""
        data = self.cleaned_data
        plain = ("category_code", "description", "nature", "source", "urgency", "reporter_name", "reporter_phone")
        more = ("reporter_anonymous", "wants_reply", "confidential", "resolved_on_spot", "result")
        picked = self.picked
        beside = picked.beside.code if picked and picked.both and picked.beside else ""
        return Report(
            grid_code=self._grid_code(),
            second_grid_code=data["second_grid_code"] or beside,
            unit_id=picked.unit.pk if picked else None,
            building_id=picked.building.pk if picked and picked.building else None,
            address=self.whole_address(),
            **{name: data[name] for name in (*plain, *more)},
        )

    def _grid_code(self) -> str:
        code: str = self.cleaned_data["grid_code"]
        above = self.grids.get(code)
        if self.picked:
            # Picked by name it decides, unless the grid that was chosen lies inside its own.
            return code if above and self.picked.grid.contains(above) else self.picked.grid.code
        found = located(self.user, self.address())
        if found is None:
            return code
        # Another grid than the chosen one's: whoever stands there knows better than the book.
        return found.code if not code or (above and above.contains(found)) else code

    def refuse(self, error: DomainError, photos_field: str = "photos") -> None:
        """Show a refusal where it can be mended."""
        name = _SHOWN_AT.get(error.field or "", error.field)
        if name == "photos":
            name = photos_field
        self.add_error(name if name in self.fields else None, error.message)
