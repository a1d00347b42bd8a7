// In place of the rest of a page's script that the site has not any more: the place is kept, and the page of now goes on with it.
"use strict";
for (const does of ["askToLeave", "turnSignals", "keepTurn", "showEnd"]) line[does] = () => {};
location.replace(document.body.dataset.line === "over" ? "/" : location.pathname + location.search);
