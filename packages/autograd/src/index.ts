export { type Backward, backward } from "./vjp.ts";
