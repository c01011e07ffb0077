"""Cases: the list, filing, one case, its history, its photos, and the categories it is filed under."""

from typing import Any, cast

from django.core.files.storage import default_storage
from django.http import FileResponse, HttpResponseBase
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from cases import workflow
from cases.api.lookup import COMMUNITY, IDEMPOTENCY_KEY, NUMBER, case_id, the_one, visible_cases
from cases.api.parts import hide_unseen, outward
from cases.api.representation import DETAIL_RELATIONS, attachment_rows, case_detail, case_rows, receipt
from cases.api.serializers import (
    AssigneeRow,
    AttachmentRow,
    AttachmentUpload,
    CaseDetail,
    CaseFiling,
    CaseReceipt,
    CaseRow,
    EventRow,
)
from cases.choices import Act, Source
from cases.filters import CaseFilterSet
from cases.models import Attachment, Case, CaseEvent
from cases.photos import read_photo
from cases.workflow import Idempotency, Report
from liangcheng.accounts.models import User
from liangcheng.common.api import (
    AnyAccept,
    ApiView,
    RowListView,
    as_rows,
    etag,
    fingerprint,
    idempotency_key,
    local_times,
)

REPLAYED = "Idempotency-Replayed"
_LABELS = dict(Act.choices)


@extend_schema_view(
    get=extend_schema(
        operation_id="cases_list",
        summary="案件列表",
        description="您范围内的案件，新的在前。带 updated_since 时按更新时间从旧到新，供对接系统增量同步；"
        "每次从上次最后一条的 updated_at 往前几分钟读起，可避免遗漏正在提交的更新。",
        tags=["案件"],
    ),
    post=extend_schema(
        operation_id="cases_create",
        summary="上报案件",
        description="照片随后用 attachments 上传。相同的 Idempotency-Key 或来源系统编号得到已有的案件："
        f"状态码 200，响应头 {REPLAYED}: true。",
        parameters=[IDEMPOTENCY_KEY],
        request=CaseFiling,
        responses={201: CaseReceipt, 200: OpenApiResponse(CaseReceipt, description="此前已经上报")},
        tags=["案件"],
    ),
)
class CaseListView(RowListView):
    serializer_class = CaseRow
    filterset_class = CaseFilterSet
    queryset = Case.objects.none()

    def rows_for(self, user: Any) -> Any:
        return Case.objects.visible_to(user)

    def get_keyset(self) -> tuple[str, ...]:
        return ("updated_at", "id") if self.request.query_params.get("updated_since") else ("-id",)

    def finish(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return case_rows(rows)

    def post(self, request: Request) -> Response:
        key = idempotency_key(request)
        idempotency = Idempotency(key, fingerprint(request)) if key else None
        actor = cast(User, request.user)
        given = {name: value for name, value in self.checked(CaseFiling, request).items() if value is not None}
        given.setdefault("source", Source.OTHER if actor.is_service else Source.PATROL)
        case = workflow.discover(actor=actor, report=Report(**given), idempotency=idempotency)
        # A case that was there already has been read anew, and its discoverer with it.
        fresh = case.discovered_by is actor
        headers = {"ETag": etag(case.version)} | ({} if fresh else {REPLAYED: "true"})
        body = receipt(case)
        return Response(body, status=201 if fresh else 200, headers=headers | {"Location": body["url"]})


@extend_schema_view(
    get=extend_schema(
        operation_id="cases_retrieve",
        summary="案件详情",
        description="actions 是您现在可以做的动作；ETag 是版本，办理时可放进 If-Match。",
        parameters=[NUMBER, COMMUNITY],
        tags=["案件"],
    )
)
class CaseView(ApiView):
    serializer_class = CaseDetail
    queryset = Case.objects.none()

    def get(self, request: Request, number: str) -> Response:
        case = the_one(visible_cases(request, number).select_related(*DETAIL_RELATIONS))
        return Response(case_detail(case, cast(User, request.user)), headers={"ETag": etag(case.version)})


class CasePartView(RowListView):
    """A list below one case. A view says `rows_of`, or `rows_for` where the user's right decides."""

    keyset = ("id",)

    def rows_for(self, user: Any) -> Any:
        return self.rows_of(case_id(self.request, self.kwargs["number"]))

    def rows_of(self, case: int) -> Any:
        raise NotImplementedError


@extend_schema_view(
    get=extend_schema(
        operation_id="case_events_list",
        summary="案件记录",
        description="案件的全部经过，从旧到新；记录只增不改。",
        parameters=[NUMBER, COMMUNITY],
        tags=["案件"],
    )
)
class EventListView(CasePartView):
    serializer_class = EventRow
    queryset = CaseEvent.objects.none()

    def rows_of(self, case: int) -> Any:
        return CaseEvent.objects.filter(case_id=case)

    def finish(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        hide_unseen(rows, cast(User, self.request.user))
        return [local_times(row) | {"act_label": _LABELS[row["act"]], "data": outward(row["data"])} for row in rows]


@extend_schema_view(
    get=extend_schema(
        operation_id="case_assignees_list",
        summary="可派遣的人员",
        description="派遣时 assignee_id 的选择范围；只有可以派遣这个案件的人能看。",
        parameters=[NUMBER, COMMUNITY],
        tags=["案件"],
    )
)
class AssigneeListView(CasePartView):
    serializer_class = AssigneeRow
    queryset = User.objects.none()

    def rows_for(self, user: Any) -> Any:
        case = the_one(visible_cases(self.request, self.kwargs["number"]).select_related("category", "handling_grid"))
        refusal = workflow.refusal(case, user, Act.DISPATCH)
        if refusal:
            raise refusal
        return workflow.assignable_users(case)


@extend_schema_view(
    get=extend_schema(
        operation_id="case_attachments_list", summary="案件照片列表", parameters=[NUMBER, COMMUNITY], tags=["案件"]
    ),
    post=extend_schema(
        operation_id="case_attachments_create",
        summary="上传照片",
        description="每次一张，重新编码并去掉拍摄信息；同一张照片重复上传只保存一次。",
        parameters=[NUMBER, COMMUNITY, IDEMPOTENCY_KEY],
        request={"multipart/form-data": AttachmentUpload},
        responses={201: AttachmentRow},
        tags=["案件"],
    ),
)
class AttachmentListView(CasePartView):
    serializer_class = AttachmentRow
    queryset = Attachment.objects.none()
    parser_classes = [MultiPartParser]

    def rows_of(self, case: int) -> Any:
        return Attachment.objects.filter(case_id=case)

    def finish(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return attachment_rows(rows, self.kwargs["number"])

    def post(self, request: Request, number: str) -> Response:
        key = idempotency_key(request)
        pk = case_id(request, number)
        given = self.checked(AttachmentUpload, request)
        photo = read_photo(given["file"], given["kind"])
        idempotency = Idempotency(key, fingerprint(request, [photo.kind, photo.digest])) if key else None
        case = workflow.ACTS[Act.ATTACH](
            case_id=pk, actor=request.user, kind=photo.kind, photos=[photo], idempotency=idempotency
        )
        stored = self.rows_of(pk).filter(kind=photo.kind, digest=photo.digest)
        [row] = self.finish(list(as_rows(stored, AttachmentRow)))
        return Response(row, status=201, headers={"ETag": etag(case.version), "Location": row["url"]})


@extend_schema_view(
    get=extend_schema(
        operation_id="case_attachments_retrieve",
        summary="读取照片",
        parameters=[NUMBER, COMMUNITY],
        responses={(200, "image/jpeg"): bytes},
        tags=["案件"],
    )
)
class AttachmentView(ApiView):
    """The picture itself, to those who may see the case."""

    queryset = Attachment.objects.none()
    content_negotiation_class = AnyAccept

    def get(self, request: Request, number: str, pk: int) -> HttpResponseBase:
        attachment = Attachment.objects.filter(case_id=case_id(request, number), pk=pk).first()
        name = attachment.file.name if attachment else None
        if name is None or not default_storage.exists(name):
            raise NotFound
        picture = FileResponse(default_storage.open(name), content_type="image/jpeg")
        picture["Cache-Control"] = "private, max-age=3600"
        picture["Content-Disposition"] = f'inline; filename="{number}-{pk}.jpg"'
        return picture
