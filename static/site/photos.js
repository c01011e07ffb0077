/* Shows the photos chosen in a photo field, and shrinks large ones before they travel over a phone's line. */
(function () {
  "use strict";
  var EDGE = 1920;
  var SMALL = 600 * 1024;

  function shrink(file) {
    if (file.size < SMALL || !window.DataTransfer || !window.createImageBitmap) return Promise.resolve(file);
    return window.createImageBitmap(file, { imageOrientation: "from-image" }).then(function (bitmap) {
      var scale = Math.min(1, EDGE / Math.max(bitmap.width, bitmap.height));
      var canvas = document.createElement("canvas");
      canvas.width = Math.round(bitmap.width * scale);
      canvas.height = Math.round(bitmap.height * scale);
      canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      bitmap.close();
      return new Promise(function (resolve) {
        canvas.toBlob(function (blob) {
          if (!blob || blob.size >= file.size) { resolve(file); return; }
          resolve(new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }));
        }, "image/jpeg", 0.85);
      });
    }).catch(function () { return file; });
  }

  function preview(field) {
    var list = field.querySelector(".photo-chosen");
    list.querySelectorAll("img").forEach(function (image) { window.URL.revokeObjectURL(image.src); });
    list.textContent = "";
    field.querySelectorAll("input[type=file]").forEach(function (input) {
      Array.from(input.files).forEach(function (file, index) {
        var item = document.createElement("li");
        var image = document.createElement("img");
        var drop = document.createElement("button");
        image.src = window.URL.createObjectURL(file);
        image.alt = "已选照片 " + file.name;
        drop.type = "button";
        drop.textContent = "×";
        drop.setAttribute("aria-label", "去掉照片 " + file.name);
        drop.addEventListener("click", function () { remove(input, index); preview(field); });
        item.appendChild(image);
        item.appendChild(drop);
        list.appendChild(item);
      });
    });
  }
  function remove(input, index) {
    var kept = new DataTransfer();
    Array.from(input.files).forEach(function (file, position) { if (position !== index) kept.items.add(file); });
    input.files = kept.files;
  }
  // A second look into the camera adds to the first; browsers replace.
  function add(input, earlier) {
    var all = earlier.concat(Array.from(input.files));
    return Promise.all(all.map(shrink)).then(function (files) {
      var kept = new DataTransfer();
      files.forEach(function (file) { kept.items.add(file); });
      input.files = kept.files;
      return files;
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll(".photo-field").forEach(function (field) {
      field.classList.add("photo-field-live");
      field.querySelectorAll("input[type=file]").forEach(function (input) {
        var earlier = [];
        input.addEventListener("click", function () { earlier = Array.from(input.files); });
        input.addEventListener("change", function () {
          var buttons = field.closest("form").querySelectorAll("button:not([type=button])");
          function hold(held) { buttons.forEach(function (button) { button.disabled = held; }); }
          if (!window.DataTransfer) return;
          // Sending waits for the shrinking, which takes about a second per photo on an old phone.
          hold(true);
          input.multiple = true;
          add(input, earlier).then(function () { hold(false); preview(field); }, function () { hold(false); });
        });
      });
    });
  });
})();
