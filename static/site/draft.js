/* Drafts: what is typed into form[data-draft] is kept in this browser until the server has taken it, so that a lost
   connection, an expired session or an expired page costs nothing. Per user; photos cannot be kept. Signing out of
   one's own accord clears them all. */
(function () {
  "use strict";
  var PREFIX = "draft:";
  // What belongs to this very page, not to what was typed.
  var SKIPPED = { csrfmiddlewaretoken: 1, version: 1, follows: 1, shown: 1, join: 1 };
  var DAYS = 1;
  var user = document.body.dataset.user || "";

  function store(action, name, value) {
    try { return window.localStorage[action](name, value); } catch (error) { return null; }
  }
  function place(name) { return PREFIX + user + ":" + name; }

  function read(form) {
    var values = {};
    Array.from(form.elements).forEach(function (field) {
      if (!field.name || SKIPPED[field.name] || field.type === "file" || field.type === "password") return;
      if (field.type === "checkbox" || field.type === "radio") {
        if (field.checked) (values[field.name] = values[field.name] || []).push(field.value);
        else values[field.name] = values[field.name] || [];
      } else { values[field.name] = [field.value]; }
    });
    return values;
  }

  function write(form, values) {
    Array.from(form.elements).forEach(function (field) {
      if (!(field.name in values) || SKIPPED[field.name] || field.type === "file") return;
      var kept = values[field.name];
      if (field.type === "checkbox" || field.type === "radio") field.checked = kept.indexOf(field.value) >= 0;
      else if (kept.length && (field.tagName !== "SELECT" || field.querySelector('option[value="' + window.CSS.escape(kept[0]) + '"]'))) field.value = kept[0];
      var fold = field.closest("details");
      if (fold && field.type !== "hidden" && differs(field)) fold.open = true;
      field.dispatchEvent(new CustomEvent("restored"));
      if (field.tagName === "TEXTAREA") field.dispatchEvent(new Event("input"));
    });
  }
  function differs(field) {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") return !Array.from(field.options).some(function (o) { return o.defaultSelected && o.selected; }) && field.value !== "";
    return field.value !== field.defaultValue;
  }

  function told(form, at) {
    var note = document.createElement("p");
    var drop = document.createElement("button");
    note.className = "note";
    note.setAttribute("role", "status");
    note.textContent = "已恢复" + ago(at) + "没有提交的内容，照片需要重新选择。";
    drop.type = "button";
    drop.className = "linkish";
    drop.textContent = "清空重填";
    drop.addEventListener("click", function () {
      store("removeItem", place(form.dataset.draft));
      form.dataset.dropped = "1";
      window.location.replace(window.location.pathname);
    });
    note.appendChild(drop);
    form.insertBefore(note, form.firstChild);
  }
  function ago(at) {
    var minutes = Math.round((Date.now() - at) / 60000);
    if (minutes < 1) return "刚才";
    if (minutes < 60) return " " + minutes + " 分钟前";
    return minutes < 1440 ? " " + Math.round(minutes / 60) + " 小时前" : " " + Math.round(minutes / 1440) + " 天前";
  }

  function keep(form) {
    var name = place(form.dataset.draft);
    var waiting = 0;
    var changed = false;
    function save() {
      window.clearTimeout(waiting);
      waiting = 0;
      if (changed && !form.dataset.dropped) store("setItem", name, JSON.stringify({ at: Date.now(), values: read(form) }));
    }
    function soon() {
      changed = true;
      if (!waiting) waiting = window.setTimeout(save, 400);
    }
    // An answered form shows what the server was sent; that is newer than any draft.
    if (form.hasAttribute("data-answered")) { changed = true; save(); } else {
      var kept = null;
      try { kept = JSON.parse(store("getItem", name) || "null"); } catch (error) { kept = null; }
      if (kept && kept.values && Date.now() - kept.at < DAYS * 86400000) { write(form, kept.values); told(form, kept.at); changed = true; }
    }
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    form.addEventListener("submit", save);
    window.addEventListener("pagehide", save);
    // Back from the browser's memory after sending: what is still typed here was taken, unless it is changed again.
    window.addEventListener("pageshow", function (event) { if (event.persisted) changed = false; });
  }

  document.addEventListener("DOMContentLoaded", function () {
    var done = document.querySelector("[data-draft-done]");
    if (done) {
      var act = done.dataset.draftDone;
      store("removeItem", place(act === "new" ? "new" : done.dataset.draftCase + ":" + act));
      window.addEventListener("load", function () { window.history.replaceState(null, "", window.location.pathname); });
    }
    if (user) document.querySelectorAll("form[data-draft]").forEach(keep);
  });
})();
