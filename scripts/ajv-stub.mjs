// conf validates with ajv when it is given a schema. We give none, and ajv would be half of what conf costs to load.
export class Ajv2020 {}
export default function addFormats() {}
