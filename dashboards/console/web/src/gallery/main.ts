import "./gallery.ts";
