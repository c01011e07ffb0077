"""Password rules (GB/T 22239 level 2, customary numbers), with messages in Chinese."""

from django.core.exceptions import ValidationError

from liangcheng.accounts.models import User


class LengthValidator:
    """Django's own message for this is untranslated in 5.2."""

    def __init__(self, min_length: int = 10) -> None:
        self.min_length = min_length

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) < self.min_length:
            raise ValidationError(f"密码至少 {self.min_length} 位。", code="password_too_short")

    def get_help_text(self) -> str:
        return f"密码至少 {self.min_length} 位。"


class ClassesValidator:
    """Letters of both cases, digits, others: at least `min_classes` of the four; and no name of the place."""

    places = ("liangcheng", "hongkou", "jiedao", "shanghai")

    def __init__(self, min_classes: int = 3) -> None:
        self.min_classes = min_classes

    def validate(self, password: str, user: User | None = None) -> None:
        classes = (str.islower, str.isupper, str.isdigit, lambda character: not character.isalnum())
        if sum(any(map(test, password)) for test in classes) < self.min_classes:
            raise ValidationError(self.get_help_text(), code="password_too_plain")
        if any(place in password.lower() for place in self.places):
            raise ValidationError("密码里不要用单位名或地名。", code="password_has_place")

    def get_help_text(self) -> str:
        return f"大写字母、小写字母、数字、符号四类中至少用 {self.min_classes} 类，不要用单位名或地名。"
