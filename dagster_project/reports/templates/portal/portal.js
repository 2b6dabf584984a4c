// Search without diacritics, tables in another order, and the place that an address names: all in the page itself.
(function () {
  "use strict";
  var root = document.documentElement.getAttribute("data-root") || "";

  function fold(text) {
    return text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/g, "d").replace(/y/g, "i");
  }

  function startSearch() {
    var form = document.getElementById("tim");
    var index = window.khoIndex;
    if (!form || !index) return;
    var input = document.getElementById("tim-chu");
    var list = document.getElementById("tim-ket-qua");
    var count = document.getElementById("tim-dem");
    form.hidden = false;
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      var first = list.querySelector("a");
      if (first) first.click();
    });
    form.addEventListener("keydown", function (event) {
      if (event.key !== "Escape") return;
      input.value = "";
      show();
      input.focus();
    });
    input.addEventListener("input", show);

    function show() {
      var words = fold(input.value).split(/\s+/).filter(Boolean);
      list.textContent = "";
      count.textContent = "";
      if (!words.length) return;
      var found = index.filter(function (row) {
        return words.every(function (word) { return row[3].indexOf(word) >= 0; });
      });
      count.textContent = found.length ? count.dataset.some.replace("%", found.length) : count.dataset.none;
      found.slice(0, 20).forEach(function (row) {
        var item = document.createElement("li");
        var link = document.createElement("a");
        var kind = document.createElement("span");
        link.href = root + row[2];
        link.textContent = row[1];
        kind.textContent = row[0];
        item.append(kind, link);
        list.append(item);
      });
    }
  }

  function startTables() {
    document.querySelectorAll("table[data-sortable]").forEach(function (table) {
      Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
        if (head.hasAttribute("data-unsorted")) return;
        var button = document.createElement("button");
        button.type = "button";
        button.className = "sort";
        if (head.querySelector("a")) {
          button.setAttribute("aria-label", table.caption ? head.textContent.trim() : "");
          head.append(button);
        } else {
          button.append.apply(button, Array.prototype.slice.call(head.childNodes));
          head.append(button);
        }
        button.addEventListener("click", function () { sort(table, head, column); });
      });
    });
  }

  function sort(table, head, column) {
    var down = head.getAttribute("aria-sort") === "ascending";
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (cell) { cell.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    var rows = Array.prototype.slice.call(table.tBodies[0].rows);
    var order = new Intl.Collator(document.documentElement.lang, { numeric: true });
    rows.sort(function (a, b) {
      var one = key(a.cells[column]);
      var two = key(b.cells[column]);
      if (typeof one !== typeof two) return typeof one === "number" ? -1 : 1;
      var found = typeof one === "number" ? one - two : order.compare(one, two);
      return down ? -found : found;
    });
    table.tBodies[0].append.apply(table.tBodies[0], rows);
  }

  function key(cell) {
    return cell.hasAttribute("data-sort") ? Number(cell.getAttribute("data-sort")) : cell.textContent.trim();
  }

  function openPlace() {
    var place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (place && place.tagName === "DETAILS") place.open = true;
  }

  function openAll() {
    document.querySelectorAll("details").forEach(function (part) { part.open = true; });
  }

  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
  startSearch();
  startTables();
  openPlace();
  window.addEventListener("hashchange", openPlace);
  window.addEventListener("beforeprint", openAll);
})();
