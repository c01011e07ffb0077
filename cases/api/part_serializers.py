"""The parts of a case's detail: refusals, instructions, meetings, helpers, links. Declarations only."""

from typing import Any

from rest_framework import serializers

from cases.choices import HelperRole, InstructionKind, InviteeKind, LinkKind, ReturnReason


class ReturnRow(serializers.Serializer[Any]):
    """退单: who, why, when."""

    who = serializers.CharField(help_text="退单的人员或部门。")
    reason = serializers.ChoiceField(choices=ReturnReason.choices, help_text="原因。")
    created_at = serializers.DateTimeField(help_text="时间。")


class InstructionRow(serializers.Serializer[Any]):
    """批示 or 督办, with its answer."""

    id = serializers.IntegerField(help_text="编号，答复时填写 instruction_id。")
    kind = serializers.ChoiceField(choices=InstructionKind.choices, help_text="类型。")
    text = serializers.CharField(help_text="内容。")
    given_by_name = serializers.CharField(source="given_by.full_name", help_text="批示人。")
    given_at = serializers.DateTimeField(help_text="批示时间。")
    due_at = serializers.DateTimeField(help_text="答复期限。")
    answer = serializers.CharField(help_text="答复，未答复为空。")
    answered_by_name = serializers.CharField(source="answered_by.full_name", allow_null=True, help_text="答复人。")
    answered_at = serializers.DateTimeField(allow_null=True, help_text="答复时间。")


class InviteeRow(serializers.Serializer[Any]):
    """约请对象. Party members are counted, never named; residents are masked."""

    id = serializers.IntegerField(help_text="编号，登记到场时填写 attended_ids。")
    kind = serializers.ChoiceField(choices=InviteeKind.choices, help_text="类型。")
    name = serializers.CharField(help_text="名称；居民代表隐去名字，党员为空。")
    attended = serializers.BooleanField(allow_null=True, help_text="到场；未登记结果时为 null。")


class CoordinationRow(serializers.Serializer[Any]):
    """约请协调."""

    id = serializers.IntegerField(help_text="编号，登记结果时填写 coordination_id。")
    topic = serializers.CharField(help_text="协调事项。")
    place = serializers.CharField(help_text="地点。")
    meets_at = serializers.DateTimeField(help_text="时间。")
    convened_by_name = serializers.CharField(source="convened_by.full_name", help_text="召集人。")
    outcome = serializers.CharField(help_text="协调结果，未登记为空。")
    concluded_at = serializers.DateTimeField(allow_null=True, help_text="登记时间。")
    invitees = InviteeRow(many=True, help_text="约请对象。")

    computed = frozenset({"invitees"})


class CoHandlingRow(serializers.Serializer[Any]):
    """A department that takes part."""

    name = serializers.CharField(source="department.short_name", help_text="部门。")
    role = serializers.ChoiceField(choices=HelperRole.choices, help_text="协办，或约请协调。")
    done_at = serializers.DateTimeField(allow_null=True, help_text="协办完成时间，未完成为 null。")
    result = serializers.CharField(help_text="协办结果。")


class LinkRow(serializers.Serializer[Any]):
    """关联案件 that the caller may see."""

    number = serializers.CharField(help_text="案件编号。")
    kind = serializers.ChoiceField(choices=LinkKind.choices, help_text="关系。")
    is_later = serializers.BooleanField(help_text="后续案件时：对方是本案的后续（true），或本案是对方的后续（false）。")
