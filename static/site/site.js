/* What every page may use; nothing here is needed for a page to work. */
(function () {
  "use strict";

  // Enter that picks a word in a Chinese input method must not send the form.
  document.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.stopPropagation();
  }, true);

  // A form is sent once: a second tap on a slow line does nothing. Pages taken from the browser's memory start afresh.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    window.setTimeout(function () {
      form.querySelectorAll("button").forEach(function (button) {
        button.disabled = true;
      });
    });
  });
  window.addEventListener("pageshow", function (event) {
    if (!event.persisted) return;
    document.querySelectorAll("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
      form.querySelectorAll("button").forEach(function (button) { button.disabled = false; });
    });
  });

  // The first thing that is wrong comes into view.
  document.addEventListener("DOMContentLoaded", function () {
    var wrong = document.querySelector(".field-bad input, .field-bad select, .field-bad textarea");
    if (wrong && wrong.type !== "file") wrong.focus();
    document.querySelectorAll("textarea[maxlength-shown]").forEach(count);
  });

  // Characters, not bytes; a hint only, the server decides.
  function count(area) {
    var most = Number(area.getAttribute("maxlength-shown"));
    var label = area.closest(".field").querySelector("label");
    var shown = document.createElement("span");
    shown.className = "counter";
    label.appendChild(shown);
    function show() {
      var length = Array.from(area.value).length;
      shown.textContent = length > most * 0.8 ? length + "/" + most : "";
      shown.classList.toggle("counter-over", length > most);
    }
    area.addEventListener("input", show);
    show();
  }
})();
