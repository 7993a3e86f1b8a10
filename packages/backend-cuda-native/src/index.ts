export { type CudaNativeOptions, cudaNative } from "./backend.ts";
