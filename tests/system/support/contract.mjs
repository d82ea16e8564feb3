// The native protocol as asyncapi.yaml has it: checks frames, and lists what the document names.
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import { parse } from "yaml";

export const document = parse(readFileSync(new URL("../../../asyncapi.yaml", import.meta.url), "utf8"));

const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addSchema(document, "asyncapi.yaml");

// The messages of an operation: [the frame's type, its name in the document].
function messagesOf(operation) {
  return document.operations[operation].messages.map(({ $ref }) => {
    const name = $ref.split("/").at(-1);
    return [document.components.messages[name].name ?? name, name];
  });
}

export const clientFrames = new Map(messagesOf("fromClient"));
export const gatewayFrames = new Map(messagesOf("toClient"));
export const errorCodes = document.components.schemas.errorCode.enum;

function faultOf(frame, frames) {
  const name = frames.get(frame.type);
  if (name === undefined) {
    return `no frame of the type ${JSON.stringify(frame.type)} is documented`;
  }
  const isValid = ajv.getSchema(`asyncapi.yaml#/components/messages/${name}/payload`);
  return isValid(frame) ? null : ajv.errorsText(isValid.errors);
}

// What is wrong with a frame from the gateway or from a client; null when it is as documented.
export const faultOfGatewayFrame = (frame) => faultOf(frame, gatewayFrames);
export const faultOfClientFrame = (frame) => faultOf(frame, clientFrames);
