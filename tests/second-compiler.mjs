// Called by second-compiler.sh: makes all modules and pipelines in Dawn, and says what it has against them.

import { create } from 'webgpu';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);

// The backend that needs no driver. It puts values in the place of overrides as the others do, and writes nothing.
const gpu = create(['backend=null']);
// With the limits that each implementation of WebGPU has.
const device = await (await gpu.requestAdapter()).requestDevice();

let modules = 0;
let pipelines = 0;
let faulty = 0;

async function attempt(what, make) {
    device.pushErrorScope('validation');
    device.pushErrorScope('internal');
    const made = make();
    const errors = [await device.popErrorScope(), await device.popErrorScope()].filter(Boolean);
    const messages = (await made.getCompilationInfo?.())?.messages ?? [];
    // The error of a module has its messages in it.
    const said = errors.length ? errors : messages;
    said.forEach(({ message, lineNum }) => console.error(`${what}:${lineNum ?? ''} ${message}`));
    faulty += said.length ? 1 : 0;
    return errors.length ? null : made;
}

for (const file of readdirSync(folder)) {
    const { name, code, entry_points, constants } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    const module = await attempt(name, () => device.createShaderModule({ code }));
    modules += 1;
    // Of a kernel that is used only where there are more buffers, the module is compiled, and no pipeline is made.
    const fits = code.match(/var<storage/g).length <= device.limits.maxStorageBuffersPerShaderStage;
    for (const entryPoint of module && fits ? entry_points : []) {
        for (const values of constants) {
            const compute = { module, entryPoint, constants: values };
            await attempt(`${name}, ${entryPoint}, ${JSON.stringify(values)}`, () =>
                device.createComputePipeline({ layout: 'auto', compute }),
            );
            pipelines += 1;
        }
    }
}
if (modules === 0) {
    console.error(`there are no shaders in ${folder}`);
    process.exit(2);
}
console.log(`${modules} modules and ${pipelines} pipelines through Dawn, ${faulty} of them with errors or warnings`);
// Dawn keeps node from ending.
process.exit(faulty ? 1 : 0);
