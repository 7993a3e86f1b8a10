/** What is known of a GPU adapter. Browsers withhold most of it; what is not known is empty. */
export interface AdapterDescription {
  readonly vendor: string;
  readonly architecture: string;
  /** The most telling of what the adapter says of itself. */
  readonly name: string;
  /** Whether a processor plays the GPU. */
  readonly software: boolean;
  /** Equal for adapters that run the same programs in the same way, as far as they say so. */
  readonly fingerprint: string;
}

/** The renderers that run on a processor: Chromium's, Mesa's and Windows's. */
const softwareRenderers = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i;

/** The features that change which programs are written for a device. */
const programFeatures = ["shader-f16", "subgroups"];

/** Chromium calls a device by its number and describes it by its name; Dawn calls it by its name and describes the driver. */
const isNumber = (device: string): boolean => /^0x[0-9a-f]+$/i.test(device);

/** Describes an adapter by its info, and by the features of it that are used. */
export function describeAdapter(
  info: Partial<GPUAdapterInfo> | undefined,
  features: { has(name: string): boolean },
): AdapterDescription {
  const { vendor = "", architecture = "", device = "", description = "", isFallbackAdapter = false } = info ?? {};
  const said = [vendor, architecture, device, description].filter((text) => text !== "");
  return {
    vendor,
    architecture,
    name: [isNumber(device) ? "" : device, description, architecture, vendor].find((text) => text !== "") ?? "unknown",
    software: isFallbackAdapter || softwareRenderers.test(said.join(" ")),
    fingerprint: [said.join("/") || "unknown", ...programFeatures.filter((name) => features.has(name))].join("+"),
  };
}
