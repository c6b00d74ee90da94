/** `CONCORDAT_TEST_LONG=1` is the long round; CI has time for a short one. */
export const isLong = process.env['CONCORDAT_TEST_LONG'] === '1';
