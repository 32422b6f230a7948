import "./app/console.ts";
