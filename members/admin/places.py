"""成员单位 and 楼栋 in the admin."""

from typing import Any

from django.contrib import admin
from django.forms import BaseInlineFormSet
from django.http import HttpRequest

from liangcheng.common.admin_base import FollowsParent
from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.text import mask_name, mask_phone, normalize
from members.admin.base import RegisterAdmin, SeenForm
from members.buildings import HouseAddress, check_alias, check_own_address
from members.choices import UNIT_FACTS, UNIT_ROLES, UnitKind
from members.models import Building, BuildingAlias, ResidentUnit


@admin.register(ResidentUnit)
class UnitAdmin(RegisterAdmin):
    list_display = ["name", "code", "kind", "grid", "address", "households", "assumed", "is_active"]
    list_filter = ["kind", "is_active", "assumed"]
    search_fields = ["name", "name_pinyin", "code", "address"]
    search_help_text = "按名称、编号、地址或拼音首字母查找"
    autocomplete_fields = ["grid", "second_grid"]
    form = SeenForm
    masked = {
        "contact_name": "masked_contact_name",
        "contact_phone": "masked_phone",
        "property_phone": "masked_property_phone",
    }

    def sections_of(self, request: HttpRequest, obj: Any = None) -> list[tuple[str | None, list[str], str]]:
        """The facts of the unit's kind; of a new unit, the facts of every kind under its heading."""
        seen = ["seen"] if obj is not None and self.may_edit(request, obj) else []
        common = ["code", "name", "kind", "grid", "second_grid", "address", "households"]
        return [
            (None, common, ""),
            *_fact_sections(_kinds_of(request, obj)),
            ("联系人", ["contact_name", "contact_phone"], ""),
            ("角色", list(UNIT_ROLES), "传递员、指导员、服务员：单位在区域党建中起的作用，可多选。"),
            ("其他", ["note", "assumed", "is_active", *seen], ""),
        ]

    @admin.display(description="联系人")
    def masked_contact_name(self, unit: ResidentUnit) -> str:
        return mask_name(unit.contact_name)

    @admin.display(description="物业电话")
    def masked_property_phone(self, unit: ResidentUnit) -> str:
        return unit.masked_property_phone

    @admin.display(description="联系电话")
    def masked_phone(self, unit: ResidentUnit) -> str:
        return mask_phone(unit.contact_phone)


class AliasFormSet(BaseInlineFormSet):
    """Each alias is asked of the rule; two that are the same are told by Django."""

    def clean(self) -> None:
        super().clean()
        building = self.instance
        if not building.grid_id:
            return
        community_id = building.grid.community_id
        own = HouseAddress(*(normalize(getattr(building, name) or "") for name in HouseAddress._fields))
        for form in self.forms:
            address = self._address(form)
            if address is None:
                continue
            try:
                found = check_alias(
                    community_id=community_id, address=address, building_id=building.pk, alias_id=form.instance.pk
                )
                if found == own:
                    raise InvalidInput("address_taken", f"“{own}”就是这幢楼自己的地址，不用再登记。", field="road")
            except InvalidInput as error:
                form.add_error(error.field, error.message)

    def _address(self, form: Any) -> HouseAddress | None:
        """What a row says; None for one that is empty, going, or wrong already."""
        data = getattr(form, "cleaned_data", None)
        if not data or form.errors or data.get("DELETE"):
            return None
        return HouseAddress(*(data.get(name) or "" for name in HouseAddress._fields))


class AliasInline(FollowsParent, admin.TabularInline):
    model = BuildingAlias
    formset = AliasFormSet
    fields = ["road", "lane", "number"]
    extra = 0
    verbose_name_plural = "其他地址（另一个门、旧门牌、另一侧的路）"


def _kinds_of(request: HttpRequest, obj: ResidentUnit | None) -> list[str]:
    """Kinds whose facts the form shows: the unit's, and the one just chosen; none known yet: all."""
    if obj is None:
        return list(UNIT_FACTS)
    return [kind for kind in UNIT_FACTS if kind in (obj.kind, request.POST.get("kind"))]


def _fact_sections(kinds: list[str]) -> list[tuple[str | None, list[str], str]]:
    """Facts under the kinds that have them; one that two kinds share stands once, under both names."""
    sections: dict[tuple[str, ...], list[str]] = {}
    for fact in dict.fromkeys(fact for kind in kinds for fact in UNIT_FACTS[kind]):
        sections.setdefault(tuple(kind for kind in kinds if fact in UNIT_FACTS[kind]), []).append(fact)
    several = len(kinds) > 1
    return [
        (
            "、".join(str(UnitKind(kind).label) for kind in owners),
            facts,
            "只有这一类单位才填，其他类别请空着。" if several else "",
        )
        for owners, facts in sections.items()
    ]


@admin.register(Building)
class BuildingAdmin(RegisterAdmin):
    list_display = ["name", "road", "lane", "number", "unit", "grid", "households", "is_active"]
    list_select_related = ["grid", "unit"]
    list_filter = ["is_active", "road"]
    search_fields = ["name", "name_pinyin", "road", "lane", "unit__name"]
    search_help_text = "按路名、弄、单位名称或拼音首字母查找"
    autocomplete_fields = ["grid", "unit"]
    fields = ["unit", "road", "lane", "number", "name", "grid", "stairs", "households", "note", "is_active"]
    inlines = [AliasInline]

    def save_model(self, request: HttpRequest, obj: Building, form: Any, change: bool) -> None:
        address = HouseAddress(*map(normalize, (obj.road, obj.lane, obj.number)))
        check_own_address(community_id=obj.grid.community_id, address=address)
        super().save_model(request, obj, form, change)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "name" in form.base_fields:
            form.base_fields["name"].required = False
            form.base_fields["name"].help_text = "空着就用地址，如“凉城路123弄4号”。"
        return form
