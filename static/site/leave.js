/* Signing out of one's own accord clears this user's drafts: the next person at this computer must not see them. */
document.addEventListener("submit", function (event) {
  "use strict";
  if (!event.target.hasAttribute("data-leave")) return;
  try {
    Object.keys(window.localStorage).forEach(function (name) {
      if (name.indexOf("draft:") === 0) window.localStorage.removeItem(name);
    });
  } catch (error) { /* no storage, no drafts */ }
});
