"""成员单位 and 楼栋 in the admin."""

from typing import Any

from django.contrib import admin
from django.forms import BaseInlineFormSet
from django.http import HttpRequest

from liangcheng.common.admin_base import FollowsParent
from liangcheng.common.admin_sheets import SheetImport
from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.text import mask_phone, normalize
from members.admin.base import RegisterAdmin
from members.admin.sheets import BuildingSheet, UnitSheet
from members.buildings import HouseAddress, check_alias, check_own_address
from members.models import Building, BuildingAlias, ResidentUnit


@admin.register(ResidentUnit)
class UnitAdmin(SheetImport, RegisterAdmin):
    resource = UnitSheet
    list_display = ["name", "code", "kind", "grid", "address", "households", "assumed", "is_active"]
    list_filter = ["kind", "is_active", "assumed"]
    search_fields = ["name", "name_pinyin", "code", "address"]
    search_help_text = "按名称、编号、地址或拼音首字母查找"
    fields = [
        "code",
        "name",
        "kind",
        "grid",
        "address",
        "households",
        "contact_name",
        "contact_phone",
        "note",
        "assumed",
        "is_active",
    ]
    masked = {"contact_phone": "masked_phone"}

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


@admin.register(Building)
class BuildingAdmin(SheetImport, RegisterAdmin):
    resource = BuildingSheet
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
