export * from "./index.ts";
export { mnistFolder } from "./mnist-folder.ts";
export { fashionMnist, mnist } from "./mnist-node.ts";
export { airlinePassengers, firstNames, moviePolarity, shakespeare } from "./texts-node.ts";
