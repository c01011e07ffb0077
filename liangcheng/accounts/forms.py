"""Sign-in and password forms, in the office's words."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm

from liangcheng.common.channel_models import ChannelChoice, ChannelKind, Choice, DeliveryChannel
from liangcheng.common.text import normalize
from liangcheng.common.web import Segments

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "登录名或密码不正确，请重新输入。连续输错 5 次将暂停登录 15 分钟。",
        "inactive": "账号已停用，请联系管理员。",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name, password = self.fields["username"], self.fields["password"]
        name.label, password.label = "登录名", "密码"
        name.error_messages["required"] = "请输入登录名。"
        password.error_messages["required"] = "请输入密码。"
        name.widget.attrs |= {"autocapitalize": "none", "autocomplete": "username", "spellcheck": "false"}

    def clean_username(self) -> str:
        """Typed with a Chinese input method, letters and digits may come full-width."""
        return normalize(self.cleaned_data["username"])

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if user.is_service:
            raise forms.ValidationError(self.error_messages["invalid_login"], code="invalid_login")


class ChangePasswordForm(PasswordChangeForm):
    """Also ends the demand to change a first password."""

    error_messages = {
        "password_mismatch": "两次输入的新密码不一致。",
        "password_incorrect": "原密码不正确，请重新输入。",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {"old_password": "原密码", "new_password1": "新密码", "new_password2": "再输一次新密码"}
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].error_messages["required"] = f"请输入{label}。"
        self.fields["new_password2"].help_text = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("old_password") and cleaned.get("old_password") == cleaned.get("new_password1"):
            self.add_error("new_password1", "新密码不能与原密码相同。")
        return cleaned

    def save(self, commit: bool = True) -> Any:
        self.user.must_change_password = False
        return super().save(commit)


class ChannelsForm(forms.Form):
    """What one person wants to get through each channel that can reach them; e-mail needs an address."""

    def __init__(self, user: "User", rows: "Iterable[DeliveryChannel]", *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.rows = [row for row in rows if row.kind != ChannelKind.EMAIL or user.email]
        chosen = dict(ChannelChoice.objects.filter(user=user).values_list("channel", "choice")) if self.rows else {}
        for row in self.rows:
            self.fields[f"channel_{row.pk}"] = forms.ChoiceField(
                label=row.name,
                choices=Choice.choices,
                initial=chosen.get(row.pk, row.default_choice),
                widget=Segments,
                error_messages={"required": "请选择一项。", "invalid_choice": "请选择其中一项。"},
            )

    def save(self) -> None:
        """Keep the choices, the unchanged ones too: what the office's default is later does not change them."""
        ChannelChoice.objects.bulk_create(
            (
                ChannelChoice(user=self.user, channel=row, choice=self.cleaned_data[f"channel_{row.pk}"])
                for row in self.rows
            ),
            update_conflicts=True,
            unique_fields=["user", "channel"],
            update_fields=["choice"],
        )
