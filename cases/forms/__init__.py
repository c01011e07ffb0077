"""The form of each act but discover (that one: cases/filing.py). Shape only; what is right the workflow knows."""

from collections.abc import Callable

from cases.choices import Act
from cases.forms import handling, time, together
from cases.forms.base import MOST_PHOTOS, ActForm, PhotosField, read_photos

ACT_FORMS: dict[Act, Callable[..., ActForm]] = {
    Act.ACCEPT: handling.AcceptForm,
    Act.RESOLVE: handling.ResolveForm,
    Act.DISPATCH: handling.DispatchForm,
    Act.HAND_DOWN: handling.HandDownForm,
    Act.VERIFY: handling.VerifyForm,
    Act.CLOSE: handling.CloseForm,
    Act.REWORK: handling.ReworkForm,
    Act.ESCALATE: handling.EscalateForm,
    Act.RETURN: handling.ReturnForm,
    Act.REJECT: handling.RejectForm,
    Act.REOPEN: handling.ReopenForm,
    Act.NOTE: handling.NoteForm,
    Act.ATTACH: handling.AttachForm,
    Act.REVEAL: handling.RevealForm,
    Act.WITHDRAW: handling.WithdrawForm,
    Act.TRANSFER: handling.TransferForm,
    Act.HAND_OVER: handling.HandOverForm,
    Act.CONTACT: time.ContactForm,
    Act.EXTEND: time.ExtendForm,
    Act.GRANT_EXTENSION: time.GrantExtensionForm,
    Act.REFUSE_EXTENSION: time.RefuseExtensionForm,
    Act.SUSPEND: time.SuspendForm,
    Act.RESUME: time.ResumeForm,
    Act.URGE: time.UrgeForm,
    Act.SUPERVISE: time.SuperviseForm,
    Act.INSTRUCT: time.InstructForm,
    Act.ANSWER: time.AnswerForm,
    Act.CO_HANDLE: together.CoHandleForm,
    Act.CO_FINISH: together.CoFinishForm,
    Act.CONVENE: together.ConveneForm,
    Act.CONCLUDE: together.ConcludeForm,
    Act.MERGE: together.MergeForm,
    Act.UNMERGE: together.UnmergeForm,
    Act.JOIN: together.JoinForm,
    Act.LINK: together.LinkForm,
}

__all__ = ["ACT_FORMS", "MOST_PHOTOS", "ActForm", "PhotosField", "read_photos"]
