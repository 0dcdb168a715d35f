/** Whether tests try all that they can, which takes long: on every change, with CI=true. Else they try a part of it. */
export const THOROUGH = process.env.CI === 'true';
