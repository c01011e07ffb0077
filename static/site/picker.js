/* Sharpens select[data-picker]: type a name, a 俗称 or pinyin initials and tap. The select stays what is sent. Its
   data-picker says what is looked for; a select that may stay empty offers its empty entry first. */
(function () {
  "use strict";

  function setUp(select) {
    var entries = Array.from(select.options).filter(function (option) { return option.value || !select.required; }).map(function (option) {
      return {
        value: option.value,
        name: option.textContent.trim(),
        group: option.parentElement.label || "",
        words: (option.dataset.words || "").toLowerCase().split("|"),
        pinyin: (option.dataset.pinyin || "").split(" "),
        hint: option.dataset.hint || ""
      };
    });
    var recent = (select.dataset.recent || "").split(" ").filter(Boolean);
    var box = document.createElement("div");
    var input = document.createElement("input");
    var list = document.createElement("ul");
    var hint = document.createElement("p");
    var active = -1;
    box.className = "picker";
    input.type = "text";
    input.id = select.id + "_search";
    input.autocomplete = "off";
    input.placeholder = "输入名称或拼音首字母，如 " + select.dataset.example;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", select.id + "_list");
    if (select.getAttribute("aria-invalid")) input.setAttribute("aria-invalid", "true");
    list.id = select.id + "_list";
    list.className = "picker-list";
    list.setAttribute("role", "listbox");
    list.hidden = true;
    hint.className = "help";
    box.appendChild(input);
    box.appendChild(list);
    box.appendChild(hint);
    select.parentNode.insertBefore(box, select.nextSibling);
    var label = document.querySelector('label[for="' + select.id + '"]');
    if (label) label.htmlFor = input.id;
    // Not display:none: the value must be sent. Its demand to be filled moves to the box that can be seen.
    select.classList.add("visually-hidden");
    select.tabIndex = -1;
    select.setAttribute("aria-hidden", "true");
    input.required = select.required;
    select.required = false;

    function rank(entry, query) {
      if (/^[a-z0-9]+$/.test(query)) {
        if (entry.pinyin.some(function (word) { return word.indexOf(query) === 0; })) return 1;
        if (entry.value === query) return 0;
        return entry.pinyin.some(function (word) { return word.indexOf(query) > 0; }) ? 3 : 9;
      }
      if (entry.name.toLowerCase().indexOf(query) === 0) return 0;
      if (entry.words.some(function (word) { return word.indexOf(query) === 0; })) return 1;
      return entry.words.some(function (word) { return word.indexOf(query) > 0; }) ? 2 : 9;
    }
    function found(query) {
      if (!query) {
        var first = recent.map(function (value) { return entries.find(function (e) { return e.value === value; }); }).filter(Boolean);
        return first.map(function (e) { return { entry: e, group: "最近用过" }; }).concat(entries.map(function (e) { return { entry: e, group: e.group }; }));
      }
      return entries.map(function (e) { return { entry: e, group: e.group, rank: rank(e, query) }; })
        .filter(function (hit) { return hit.rank < 9; })
        .sort(function (a, b) { return a.rank - b.rank; })
        .map(function (hit) { return { entry: hit.entry, group: "" }; });
    }
    function row(hit, index) {
      var item = document.createElement("li");
      var name = document.createElement("b");
      var more = document.createElement("span");
      item.id = list.id + "_" + index;
      item.setAttribute("role", "option");
      item.dataset.value = hit.entry.value;
      name.textContent = hit.entry.name;
      more.textContent = [hit.group ? "" : hit.entry.group, hit.entry.words.slice(1).filter(Boolean).join("、")].filter(Boolean).join(" · ");
      item.appendChild(name);
      item.appendChild(more);
      item.setAttribute("aria-selected", String(hit.entry.value === select.value));
      return item;
    }
    function show(query) {
      var group = "";
      list.textContent = "";
      active = -1;
      found(query.trim().toLowerCase()).forEach(function (hit, index) {
        if (hit.group && hit.group !== group) {
          group = hit.group;
          var heading = document.createElement("li");
          heading.className = "picker-group";
          heading.setAttribute("role", "presentation");
          heading.textContent = group;
          list.appendChild(heading);
        }
        list.appendChild(row(hit, index));
      });
      if (!list.children.length) {
        var none = document.createElement("li");
        none.className = "picker-group";
        none.textContent = "没有相符的" + select.dataset.picker + "，换个说法试试";
        list.appendChild(none);
      }
      list.hidden = false;
      list.scrollTop = 0;
      input.setAttribute("aria-expanded", "true");
    }
    function hide() {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
      settle();
    }
    function settle() {
      var chosen = entries.find(function (e) { return e.value === select.value; });
      input.value = chosen ? chosen.name : "";
      hint.textContent = chosen ? [chosen.group, chosen.hint.replace(/^首办/, "首办：")].filter(Boolean).join("，") : "";
    }
    function choose(value) {
      select.value = value;
      hide();
      select.dispatchEvent(new Event("change", { bubbles: true }));
    }
    function move(by) {
      var items = list.querySelectorAll("[role=option]");
      if (!items.length) return;
      if (active >= 0) items[active].classList.remove("picker-active");
      active = (active + by + items.length) % items.length;
      items[active].classList.add("picker-active");
      items[active].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", items[active].id);
    }

    input.addEventListener("focus", function () { input.select(); show(""); });
    input.addEventListener("click", function () { if (list.hidden) show(""); });
    input.addEventListener("input", function (event) { event.stopPropagation(); show(input.value); });
    input.addEventListener("keydown", function (event) {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) show("");
        move(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Enter") {
        event.preventDefault();
        var items = list.querySelectorAll("[role=option]");
        if (!list.hidden && items.length) choose(items[Math.max(active, 0)].dataset.value);
      } else if (event.key === "Escape") { hide(); }
    });
    list.addEventListener("mousedown", function (event) { event.preventDefault(); });
    list.addEventListener("click", function (event) {
      var item = event.target.closest("[role=option]");
      if (item) choose(item.dataset.value);
    });
    input.addEventListener("blur", hide);
    select.addEventListener("restored", settle);
    settle();
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("select[data-picker]").forEach(setUp);
  });
})();
