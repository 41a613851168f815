//! Corrects the header length and the checksum of a changed checkpoint, so that it passes these first checks.

const BEFORE_CHECKSUM: &[u8] = b"\"checksum\":\"";
const DIGITS: usize = 8;

/// Returns the file with the right header length and checksum, if it has places for them.
pub fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let Some(text) = bytes.get(8..) else { return bytes };
    // The header is JSON, without characters below the space; the values mostly have such bytes.
    let header = text.iter().position(|byte| *byte < b' ').unwrap_or(text.len());
    bytes[..8].copy_from_slice(&(header as u64).to_le_bytes());
    let found = bytes[8..8 + header].windows(BEFORE_CHECKSUM.len()).position(|text| text == BEFORE_CHECKSUM);
    let Some(digits) = found.map(|place| 8 + place + BEFORE_CHECKSUM.len()) else { return bytes };
    if digits + DIGITS > 8 + header {
        return bytes;
    }
    bytes[digits..digits + DIGITS].fill(b'0');
    let checksum = format!("{:08x}", crc32fast::hash(&bytes));
    bytes[digits..digits + DIGITS].copy_from_slice(checksum.as_bytes());
    bytes
}
