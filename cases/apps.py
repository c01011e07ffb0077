from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cases"
    verbose_name = "案件"

    def ready(self) -> None:
        from cases import notifications
        from liangcheng.common import outbox

        outbox.register_handler(notifications.TOPIC, notifications.deliver)
