/** Twice each value, computed by `device`. */
export async function doubled(device: GPUDevice, values: readonly number[]): Promise<number[]> {
  const code = `
    @group(0) @binding(0) var<storage, read_write> x: array<f32>;
    @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) at: vec3u) { x[at.x] *= 2.0; }`;
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module } });
  const [COPY_SRC, COPY_DST, MAP_READ, STORAGE] = [4, 8, 1, 128]; // of GPUBufferUsage, which Node lacks
  const x = device.createBuffer({ size: 4 * values.length, usage: STORAGE! | COPY_SRC! | COPY_DST! });
  const y = device.createBuffer({ size: 4 * values.length, usage: MAP_READ! | COPY_DST! });
  device.queue.writeBuffer(x, 0, new Float32Array(values));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  const entries = [{ binding: 0, resource: { buffer: x } }];
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(values.length);
  pass.end();
  encoder.copyBufferToBuffer(x, 0, y, 0, y.size);
  device.queue.submit([encoder.finish()]);
  await y.mapAsync(1); // GPUMapMode.READ
  return [...new Float32Array(y.getMappedRange())];
}
