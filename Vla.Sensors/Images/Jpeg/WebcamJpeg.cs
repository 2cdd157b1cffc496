using OpenCvSharp;

namespace Vla.Sensors.Images.Jpeg;

/// <summary>
/// Decodes the JPEG pictures of a webcam, which may lack Huffman tables and the end marker; used by one thread.
/// </summary>
/// <remarks>
/// Many webcams leave the end marker out, and their driver's length says where the picture ends. Over a network nobody
/// says so, and a picture without an end is one that broke off.
/// </remarks>
internal sealed class WebcamJpeg
{
    private readonly JpegCheck _check = new(endMayLack: true);
    private byte[] _ended = [];

    /// <summary>Decodes a picture as it came from the device.</summary>
    /// <param name="jpeg">From its first byte on; what fills up the buffer may follow.</param>
    /// <param name="into">Receives BGR, 8 bits, [height, width, 3].</param>
    /// <returns>What is wrong with it; null when it is good.</returns>
    public string? Decode(ReadOnlySpan<byte> jpeg, Mat into)
    {
        if (_check.Damage(jpeg) is { } damage)
            return damage;
        return PictureDecoder.TryDecode(_check.LackingEnd is { } end ? WithEnd(jpeg[..end]) : jpeg, into)
            ? null
            : "cannot be decoded";
    }

    // The decoder would wait for more, or complain.
    private ReadOnlySpan<byte> WithEnd(ReadOnlySpan<byte> jpeg)
    {
        if (_ended.Length < jpeg.Length + 2)
            _ended = new byte[2 * jpeg.Length + 2];
        jpeg.CopyTo(_ended);
        (_ended[jpeg.Length], _ended[jpeg.Length + 1]) = (JpegMarker.Prefix, JpegMarker.EndOfImage);
        return _ended.AsSpan(0, jpeg.Length + 2);
    }
}
