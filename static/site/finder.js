/* Sharpens .finder: units and buildings are offered while a name, initials or an address is typed. What is picked
   stands in the hidden field `chosen`; text that nothing was picked for is sent as it is. */
(function () {
  "use strict";
  var PAUSE = 200;

  function element(tag, attributes) {
    var made = document.createElement(tag);
    Object.keys(attributes).forEach(function (name) { made.setAttribute(name, attributes[name]); });
    return made;
  }

  // The server's radios (after 查找, or with an error) become the hidden field that the script works with.
  function hidden(box) {
    var offers = box.querySelector(".finder-offers");
    if (!offers) return box.querySelector("input[name=chosen]");
    var picked = offers.querySelector("input:checked");
    var field = element("input", { type: "hidden", name: "chosen", id: "id_chosen", value: picked ? picked.value : "" });
    if (picked && picked.value) box.querySelector("input").value = picked.parentNode.querySelector("b").textContent;
    offers.replaceWith(field);
    return field;
  }

  function setUp(box) {
    var input = box.querySelector("input");
    var chosen = hidden(box);
    var list = element("ul", { "class": "picker-list", id: input.id + "_list", role: "listbox", "aria-label": "找到的单位和楼栋" });
    var said = element("p", { "class": "visually-hidden", role: "status" });
    var located = document.getElementById("located");
    var asked = 0;
    var waiting = 0;
    var active = -1;
    var composing = false;

    box.classList.add("picker");
    box.querySelector(".finder-search").hidden = true;
    list.hidden = true;
    input.after(list);
    box.appendChild(said);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", list.id);

    function items() { return Array.from(list.querySelectorAll("[role=option]")); }
    function hide() {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }
    function show(html) {
      list.innerHTML = html;
      items().forEach(function (item, index) { item.id = list.id + "_" + index; });
      active = -1;
      input.removeAttribute("aria-activedescendant");
      list.hidden = false;
      list.scrollTop = 0;
      // On a phone the keyboard leaves room for the list only where the field stands on top.
      if (list.getBoundingClientRect().bottom > window.innerHeight) box.scrollIntoView({ block: "start" });
      input.setAttribute("aria-expanded", "true");
      said.textContent = items().length ? "找到 " + items().length + " 个，用上下键选择" : list.textContent.trim();
    }
    // An answer counts only while no later question was asked: a slow one must not cover a newer one.
    function ask() {
      var text = input.value.trim();
      var mine = asked += 1;
      window.clearTimeout(waiting);
      if (!text) { hide(); return; }
      waiting = window.setTimeout(function () {
        window.fetch(box.dataset.finder + "?q=" + encodeURIComponent(text.slice(0, 50)), { credentials: "same-origin" })
          .then(function (answer) {
            if (!answer.ok || answer.redirected) throw new Error("refused");
            return answer.text();
          })
          .then(function (html) { if (mine === asked && document.activeElement === input) show(html); })
          .catch(function () { if (mine === asked) { hide(); said.textContent = "暂时查不到，可以直接填写地址"; } });
      }, PAUSE);
    }
    function locate() { if (located) located.dispatchEvent(new CustomEvent("locate")); }
    function pick(value) {
      if (chosen.value === value) return;
      chosen.value = value;
      chosen.dispatchEvent(new Event("change", { bubbles: true }));
      locate();
    }
    function choose(item) {
      asked += 1;
      window.clearTimeout(waiting);
      input.value = item.dataset.text;
      hide();
      said.textContent = "已选 " + item.textContent;
      pick(item.dataset.value);
    }
    function move(by) {
      var all = items();
      if (!all.length) return;
      if (active >= 0) { all[active].classList.remove("picker-active"); all[active].setAttribute("aria-selected", "false"); }
      active = active < 0 && by < 0 ? all.length - 1 : (active + by + all.length) % all.length;
      all[active].classList.add("picker-active");
      all[active].setAttribute("aria-selected", "true");
      all[active].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", all[active].id);
    }
    function typed() {
      pick("");
      ask();
    }

    input.addEventListener("compositionstart", function () { composing = true; });
    input.addEventListener("compositionend", function () { composing = false; typed(); });
    input.addEventListener("input", function (event) { if (!composing && !event.isComposing) typed(); });
    input.addEventListener("keydown", function (event) {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) ask();
        else move(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Enter") {
        // Enter picks; it never sends a half-filled form from here.
        event.preventDefault();
        if (!list.hidden && items().length) choose(items()[Math.max(active, 0)]);
      } else if (event.key === "Escape") { hide(); }
    });
    list.addEventListener("mousedown", function (event) { event.preventDefault(); });
    list.addEventListener("click", function (event) {
      var item = event.target.closest("[role=option]");
      if (item) choose(item);
    });
    input.addEventListener("blur", function () { asked += 1; window.clearTimeout(waiting); hide(); });
    if (chosen.value) window.addEventListener("load", locate);
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-finder]").forEach(setUp);
  });
})();
