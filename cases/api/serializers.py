"""The shapes of the case endpoints: rows and details as declarations, what is filed and done as checked input."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from cases.api.part_serializers import CoHandlingRow, CoordinationRow, InstructionRow, LinkRow, ReturnRow
from cases.choices import Act, ContactLight, Grade, Light, LimitUnit, Nature, PhotoKind, Source, Status, Urgency
from grids.choices import GridKind
from liangcheng.common.api import TextField
from liangcheng.common.text import is_phone, normalize_phone

_LAST_ID = 2**63 - 1


def row_id(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=_LAST_ID, required=False, allow_null=True, **options)


class CaseRow(serializers.Serializer[Any]):
    """案件, as lists show it. Nothing personal of the reporter."""

    number = serializers.CharField(help_text="案件编号。")
    version = serializers.IntegerField(help_text="版本，每办理一步加一。")
    title = serializers.CharField(help_text="标题。")
    category_code = serializers.CharField(source="category.code", help_text="类别代码。")
    category_name = serializers.CharField(source="category.name", help_text="类别。")
    nature = serializers.ChoiceField(choices=Nature.choices, help_text="性质。")
    source = serializers.ChoiceField(choices=Source.choices, help_text="来源。")  # type: ignore[assignment]
    urgency = serializers.ChoiceField(choices=Urgency.choices, help_text="紧急程度。")
    status = serializers.ChoiceField(choices=Status.choices, help_text="状态。")
    status_label = serializers.CharField(help_text="状态的中文。")
    is_open = serializers.BooleanField(help_text="未办结。")
    confidential = serializers.BooleanField(help_text="保密。")
    community_code = serializers.CharField(source="community.code", help_text="所属街道编码；编号在街道内唯一。")
    grid_code = serializers.CharField(source="grid.code", help_text="发现网格编码。")
    grid_name = serializers.CharField(source="grid.short_name", help_text="发现网格。")
    handling_grid_code = serializers.CharField(source="handling_grid.code", help_text="当前负责网格编码。")
    handling_grid_name = serializers.CharField(source="handling_grid.short_name", help_text="当前负责网格。")
    handling_level = serializers.ChoiceField(choices=GridKind.choices, help_text="当前层级。")
    assignee_name = serializers.CharField(source="assignee.full_name", allow_null=True, help_text="处置人。")
    department_name = serializers.CharField(
        source="assigned_department.short_name", allow_null=True, help_text="处置部门。"
    )
    address = serializers.CharField(help_text="地址。")
    external_system = serializers.CharField(help_text="来源系统。")
    external_id = serializers.CharField(help_text="来源系统编号。")
    reported_at = serializers.DateTimeField(help_text="上报时间。")
    first_contact_due_at = serializers.DateTimeField(allow_null=True, help_text="先行联系期限。")
    due_at = serializers.DateTimeField(allow_null=True, help_text="处置期限。")
    warn_at = serializers.DateTimeField(allow_null=True, help_text="亮黄灯时间。")
    resolved_at = serializers.DateTimeField(allow_null=True, help_text="处置完成时间。")
    closed_at = serializers.DateTimeField(allow_null=True, help_text="结案时间。")
    on_time = serializers.BooleanField(allow_null=True, help_text="按时处置。")
    updated_at = serializers.DateTimeField(help_text="更新时间。")
    light = serializers.ChoiceField(choices=Light.choices, help_text="时限灯。")
    light_text = serializers.CharField(help_text="时限灯的说明，如“还剩 2 小时”。")
    url = serializers.CharField(help_text="案件的地址。")

    computed = frozenset({"status_label", "light", "light_text", "url"})


class CaseDetail(CaseRow):
    """案件 with all that its page shows."""

    description = serializers.CharField(help_text="情况描述。")
    second_grid_code = serializers.CharField(source="second_grid.code", allow_null=True, help_text="相邻网格编码。")
    unit_code = serializers.CharField(source="unit.code", allow_null=True, help_text="单位编号。")
    unit_name = serializers.CharField(source="unit.name", allow_null=True, help_text="单位。")
    building_name = serializers.CharField(source="building.name", allow_null=True, help_text="楼栋。")
    lng = serializers.DecimalField(max_digits=9, decimal_places=6, allow_null=True, help_text="经度。")
    lat = serializers.DecimalField(max_digits=9, decimal_places=6, allow_null=True, help_text="纬度。")
    highest_level = serializers.ChoiceField(choices=GridKind.choices, help_text="到过的最高层级。")
    resolved_level = serializers.CharField(help_text="解决层级，未解决为空。")
    original_due_at = serializers.DateTimeField(allow_null=True, help_text="原处置期限。")
    discovered_by_name = serializers.CharField(source="discovered_by.full_name", help_text="上报人。")
    resolved_by_name = serializers.CharField(source="resolved_by.full_name", allow_null=True, help_text="办结人。")
    binding = serializers.BooleanField(help_text="签派。")
    result = serializers.CharField(help_text="处置结果。")
    reject_reason = serializers.CharField(help_text="不予受理原因，没有则为空。")
    satisfaction = serializers.CharField(help_text="满意度，未回访为空。")
    solved = serializers.BooleanField(allow_null=True, help_text="反映人是否认为问题已解决；没有问到为空。")
    return_count = serializers.IntegerField(help_text="退单次数。")
    rework_count = serializers.IntegerField(help_text="返工次数。")
    reopen_count = serializers.IntegerField(help_text="重新处置次数。")
    wants_reply = serializers.BooleanField(help_text="要求回复。")
    reporter_anonymous = serializers.BooleanField(help_text="匿名。")
    reporter_name = serializers.CharField(help_text="反映人，隐去姓名；查看全部请用 reveal。")
    reporter_phone = serializers.CharField(help_text="反映人电话，隐去中间四位；查看全部请用 reveal。")
    co_handlers = serializers.ListField(child=serializers.CharField(), help_text="协办部门。")
    on_time_original = serializers.BooleanField(allow_null=True, help_text="按原期限处置。")
    first_contact_at = serializers.DateTimeField(allow_null=True, help_text="先行联系时间。")
    contact_light = serializers.ChoiceField(choices=ContactLight.choices, help_text="先行联系灯。")
    extension_days = serializers.IntegerField(allow_null=True, help_text="待审批的延期申请（工作日）。")
    extension_count = serializers.IntegerField(help_text="已同意的延期次数。")
    review_on = serializers.DateField(allow_null=True, help_text="挂账复核日期。")
    bounced = serializers.BooleanField(help_text="退单达到次数，须由上级网格签派。")
    returns = ReturnRow(many=True, help_text="退单记录。")
    urge_count = serializers.IntegerField(help_text="催办次数。")
    supervised = serializers.BooleanField(help_text="督办。")
    instruction_due_at = serializers.DateTimeField(allow_null=True, help_text="最早一条待答复批示督办的期限。")
    instructions = InstructionRow(many=True, help_text="批示和督办。")
    coordination_at = serializers.DateTimeField(allow_null=True, help_text="最早一次待登记结果的约请协调。")
    coordinations = CoordinationRow(many=True, help_text="约请协调。")
    co_handling = CoHandlingRow(many=True, help_text="协办和受约请的部门，及协办完成情况。")
    heat = serializers.IntegerField(help_text="反映次数，含并入的案件和“我也遇到”。")
    merged_into_number = serializers.CharField(
        source="merged_into.number", allow_null=True, help_text="已并案的，主案件编号。"
    )
    merged_count = serializers.IntegerField(help_text="并入本案的案件数。")
    links = LinkRow(many=True, help_text="关联案件，只列您能看到的。")
    transfer_body = serializers.CharField(help_text="移送单位，未移送为空。")
    transfer_number = serializers.CharField(help_text="移送后的对方编号。")
    actions = serializers.ListField(
        child=serializers.ChoiceField(choices=Act.choices), help_text="您现在可以对这个案件做的动作。"
    )

    computed = CaseRow.computed | {
        "co_handlers",
        "actions",
        "contact_light",
        "returns",
        "instructions",
        "coordinations",
        "co_handling",
        "merged_count",
        "links",
    }


class CaseReceipt(serializers.Serializer[Any]):
    """What a case is right after filing or an act; the whole of it is at `url`."""

    number = serializers.CharField(help_text="案件编号。")
    version = serializers.IntegerField(help_text="版本。")
    status = serializers.ChoiceField(choices=Status.choices, help_text="状态。")
    status_label = serializers.CharField(help_text="状态的中文。")
    grid_code = serializers.CharField(help_text="发现网格编码。")
    handling_level = serializers.ChoiceField(choices=GridKind.choices, help_text="当前层级。")
    external_system = serializers.CharField(help_text="来源系统。")
    external_id = serializers.CharField(help_text="来源系统编号。")
    reported_at = serializers.DateTimeField(help_text="上报时间。")
    first_contact_due_at = serializers.DateTimeField(allow_null=True, help_text="先行联系期限。")
    due_at = serializers.DateTimeField(allow_null=True, help_text="处置期限。")
    url = serializers.CharField(help_text="案件的地址。")


class ReporterContact(serializers.Serializer[Any]):
    """反映人联系方式."""

    name = serializers.CharField(help_text="姓名。")
    phone = serializers.CharField(help_text="电话。")


class ReporterRow(ReporterContact):
    """One of several who reported the same."""

    source = serializers.CharField(help_text="案件编号，或“我也遇到”。")  # type: ignore[assignment]
    wants_reply = serializers.BooleanField(help_text="要求回复。")


class ActReceipt(CaseReceipt):
    """The same after an act, with what can be done next."""

    actions = serializers.ListField(child=serializers.ChoiceField(choices=Act.choices), help_text="接下来可做的动作。")
    reporter = ReporterContact(required=False, help_text="只在 reveal 之后出现。")
    reporters = ReporterRow(
        many=True, required=False, help_text="只在 reveal 之后出现：全部反映人，含并入的案件和“我也遇到”，须一并答复。"
    )


class EventRow(serializers.Serializer[Any]):
    """案件记录: what happened, oldest first."""

    id = serializers.IntegerField(help_text="记录编号。")
    act = serializers.ChoiceField(choices=Act.choices, help_text="动作。")
    act_label = serializers.CharField(help_text="动作的中文。")
    actor_name = serializers.CharField(
        source="actor.full_name", allow_null=True, help_text="操作人；为 null 时是系统。"
    )
    from_status = serializers.CharField(help_text="原状态，上报时为空。")
    to_status = serializers.ChoiceField(choices=Status.choices, help_text="新状态。")
    from_grid_code = serializers.CharField(source="from_grid.code", allow_null=True, help_text="原负责网格编码。")
    to_grid_code = serializers.CharField(source="to_grid.code", help_text="负责网格编码。")
    level = serializers.ChoiceField(choices=GridKind.choices, help_text="层级。")
    text = serializers.CharField(help_text="说明。")
    data = serializers.JSONField(help_text="明细。")  # type: ignore[assignment]
    created_at = serializers.DateTimeField(help_text="时间。")

    computed = frozenset({"act_label"})


class AttachmentRow(serializers.Serializer[Any]):
    """照片."""

    id = serializers.IntegerField(help_text="照片编号。")
    kind = serializers.ChoiceField(choices=PhotoKind.choices, help_text="类型。")
    width = serializers.IntegerField(help_text="宽（像素）。")
    height = serializers.IntegerField(help_text="高（像素）。")
    digest = serializers.CharField(help_text="内容的 SHA-256。")
    created_at = serializers.DateTimeField(help_text="上传时间。")
    url = serializers.CharField(help_text="照片的地址，读取时同样需要令牌。")

    computed = frozenset({"url"})


class AttachmentUpload(serializers.Serializer[Any]):
    """One photo. It is re-encoded: EXIF is gone, the longer edge is at most 1,920 pixels."""

    kind = serializers.ChoiceField(choices=PhotoKind.choices, default=PhotoKind.BEFORE, help_text="类型。")
    file = serializers.FileField(help_text="JPG、PNG 或 WebP 图片，不超过 10 MB。")


class LimitRow(serializers.Serializer[Any]):
    """处置时限 of a category."""

    grade = serializers.ChoiceField(choices=Grade.choices, help_text="管理等级。")
    first_contact_value = serializers.IntegerField(allow_null=True, help_text="先行联系时限。")
    first_contact_unit = serializers.CharField(help_text="先行联系时限的单位。")
    resolve_value = serializers.IntegerField(allow_null=True, help_text="处置时限；为 null 时按预案，0 为立即。")
    resolve_unit = serializers.CharField(help_text=f"处置时限的单位：{'、'.join(LimitUnit.values)}。")
    valid_from = serializers.DateField(allow_null=True, help_text="生效日期。")
    valid_to = serializers.DateField(allow_null=True, help_text="失效日期。")


class CategoryRow(serializers.Serializer[Any]):
    """案件类别 with its limits."""

    code = serializers.CharField(help_text="代码，上报时填写。")
    name = serializers.CharField(help_text="小类。")
    major_code = serializers.CharField(help_text="大类代码。")
    major_name = serializers.CharField(help_text="大类。")
    synonyms = serializers.CharField(help_text="俗称，用“|”隔开。")
    default_level = serializers.ChoiceField(choices=GridKind.choices, help_text="首办层级。")
    urgency = serializers.ChoiceField(choices=Urgency.choices, help_text="紧急程度。")
    responsible_department_name = serializers.CharField(
        source="responsible_department.short_name", allow_null=True, help_text="主责部门。"
    )
    close_condition = serializers.CharField(help_text="结案条件。")
    photo_required = serializers.BooleanField(help_text="处置完成须附照片。")
    basis = serializers.CharField(help_text="依据。")
    is_active = serializers.BooleanField(help_text="在用。")
    limits = LimitRow(many=True, help_text="处置时限。")

    computed = frozenset({"limits"})


class CaseFiling(serializers.Serializer[Any]):
    """上报案件. Codes and ids are passed on; what they mean is for the workflow to say."""

    category_code = TextField(max_length=10, help_text="类别代码，见 categories。")
    description = TextField(max_length=2000, help_text="情况描述。")
    title = TextField(max_length=60, required=False, allow_blank=True, help_text="标题；不填时取描述的开头。")
    grid_code = TextField(
        max_length=20, required=False, allow_blank=True, help_text="网格编码；不填时按单位、楼栋或地址查找。"
    )
    second_grid_code = TextField(max_length=20, required=False, allow_blank=True, help_text="边界案件的相邻网格编码。")
    unit_id = row_id(help_text="单位编号，见 units。")
    building_id = row_id(help_text="楼栋编号，见 buildings。")
    address = TextField(max_length=150, required=False, allow_blank=True, help_text="地址，如“凉城路123弄4号501室”。")
    lng = serializers.DecimalField(
        max_digits=9,
        decimal_places=6,
        min_value=Decimal(73),
        max_value=Decimal(136),
        required=False,
        allow_null=True,
        help_text="经度（GCJ-02）。",
    )
    lat = serializers.DecimalField(
        max_digits=9,
        decimal_places=6,
        min_value=Decimal(3),
        max_value=Decimal(54),
        required=False,
        allow_null=True,
        help_text="纬度（GCJ-02）。",
    )
    nature = serializers.ChoiceField(choices=Nature.choices, default=Nature.COMPLAINT, help_text="性质。")
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=Source.choices, required=False, help_text="来源；不填时人员为网格巡查，系统为其他。"
    )
    urgency = serializers.ChoiceField(choices=Urgency.choices, required=False, help_text="不填时按类别。")
    reporter_name = TextField(max_length=30, required=False, allow_blank=True, help_text="反映人。")
    reporter_phone = TextField(max_length=20, required=False, allow_blank=True, help_text="反映人电话。")
    reporter_anonymous = serializers.BooleanField(default=False, help_text="匿名：不保存姓名和电话。")
    wants_reply = serializers.BooleanField(default=False, help_text="要求回复。")
    confidential = serializers.BooleanField(default=False, help_text="保密。")
    external_system = TextField(
        max_length=50, required=False, allow_blank=True, help_text="来源系统；系统账号一律记为自己的代码。"
    )
    external_id = TextField(
        max_length=100, required=False, allow_blank=True, help_text="来源系统编号；重复提交得到同一案件。"
    )
    resolved_on_spot = serializers.BooleanField(default=False, help_text="当场解决。")
    result = TextField(max_length=2000, required=False, allow_blank=True, help_text="当场解决的处置结果。")

    def validate_reporter_phone(self, value: str) -> str:
        phone = normalize_phone(value)
        if phone and not is_phone(phone):
            raise serializers.ValidationError("请填 11 位手机号，或带区号的座机。", code="bad_phone")
        return phone

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs.get("lng") is None) != (attrs.get("lat") is None):
            raise serializers.ValidationError({"lng": "经度和纬度须一起填写。"}, code="missing_lat")
        return attrs


class AssigneeRow(serializers.Serializer[Any]):
    """Somebody to whom a case may be dispatched."""

    id = serializers.IntegerField(help_text="派遣时填写的人员编号。")
    full_name = serializers.CharField(help_text="姓名。")
    title = serializers.CharField(help_text="职务。")
