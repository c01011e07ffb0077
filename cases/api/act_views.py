"""One endpoint per act: POST cases/{number}/{act}/. All of them are this view; what differs is the input."""

from typing import Any, ClassVar, cast

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from cases.api.act_serializers import ACT_SERIALIZERS, ActInput
from cases.api.lookup import COMMUNITY, IDEMPOTENCY_KEY, IF_MATCH, NUMBER, the_one, visible_cases
from cases.api.representation import act_receipt
from cases.api.serializers import ActReceipt
from cases.choices import Act, PhotoKind
from cases.models import Case
from cases.photos import Photo, read_photo
from cases.workflow import ACTS, Idempotency
from liangcheng.accounts.models import User
from liangcheng.common.api import ApiView, ObjectParser, etag, fingerprint, idempotency_key, if_match
from liangcheng.common.exceptions import StaleObject
from liangcheng.common.problems import PreconditionFailed

_WITH_PHOTOS = {Act.RESOLVE, Act.NOTE, Act.ATTACH}


class CaseActView(ApiView):
    """Check the shape, hand it to the workflow, answer with what the case then is."""

    act: ClassVar[Act]
    queryset = Case.objects.none()

    def post(self, request: Request, number: str) -> Response:
        key = idempotency_key(request)
        # Read before REST framework parses the stream; uploads are fingerprinted by what is in them.
        whole = None if self._has_files(request) or not key else fingerprint(request)
        pk, version = the_one(visible_cases(request, number).values_list("pk", "version"))
        given = self.checked(ACT_SERIALIZERS[self.act], request)
        expected = given.pop("version", None)
        demanded = if_match(request, version)
        if "photos" in given:
            given["photos"] = self._photos(given)
        idempotency = Idempotency(key, whole or fingerprint(request, _content(given))) if key else None
        try:
            case = ACTS[self.act](
                case_id=pk,
                actor=request.user,
                expected_version=expected if demanded is None else demanded,
                idempotency=idempotency,
                **given,
            )
        except StaleObject:
            if demanded is None:
                raise
            raise PreconditionFailed from None
        headers = {"ETag": etag(case.version)} | ({"Cache-Control": "no-store"} if self.act is Act.REVEAL else {})
        return Response(act_receipt(case, self.act, cast(User, request.user)), headers=headers)

    @staticmethod
    def _has_files(request: Request) -> bool:
        return (request.content_type or "").startswith("multipart/form-data")

    def _photos(self, given: dict[str, Any]) -> list[Photo]:
        kind = PhotoKind.AFTER if self.act is Act.RESOLVE else given.get("kind", PhotoKind.BEFORE)
        return [read_photo(file, kind) for file in given["photos"]]


def _content(given: dict[str, Any]) -> list[str]:
    """What an upload says, whatever its boundary."""
    return [f"{name}={_plain(value)}" for name, value in sorted(given.items())]


def _plain(value: Any) -> str:
    return ",".join(photo.digest for photo in value) if value and isinstance(value[0], Photo) else str(value)


def act_view(act: Act) -> Any:
    """The endpoint of one act, with its own place in the docs."""
    shape: type[ActInput] = ACT_SERIALIZERS[act]
    parsers = [ObjectParser, MultiPartParser] if act in _WITH_PHOTOS else [ObjectParser]
    fields = {"act": act, "serializer_class": shape, "parser_classes": parsers, "__doc__": f"{act.label}."}
    view = type(f"{act.name.title().replace('_', '')}View", (CaseActView,), fields)
    described = extend_schema(
        operation_id=f"case_{act.name.lower()}",
        summary=act.label,
        description="请求体字段 version 与请求头 If-Match 作用相同：已变化时前者答复 409，后者答复 412。",
        parameters=[NUMBER, COMMUNITY, IF_MATCH, IDEMPOTENCY_KEY],
        request=shape,
        responses=ActReceipt,
        tags=["办理"],
    )
    return extend_schema_view(post=described)(view).as_view()  # type: ignore[attr-defined]  # made by type(): a CaseActView
