//! Tables as French spreadsheets open them: CSV with semicolons and a byte-order mark.

/// Makes a spreadsheet believe in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A table: its head, and what each row writes.
///
/// # Errors
/// A row has not as many cells as the head.
pub fn table<R>(
    head: &[&str],
    rows: &[R],
    write: impl Fn(&R, &mut csv::Writer<Vec<u8>>) -> csv::Result<()>,
) -> csv::Result<Vec<u8>> {
    let mut out = csv::WriterBuilder::new().delimiter(b';').from_writer(BYTE_ORDER_MARK.to_vec());
    out.write_record(head)?;
    for row in rows {
        write(row, &mut out)?;
    }
    out.into_inner().map_err(|e| e.into_error().into())
}
