using System.Buffers.Binary;

namespace Vla.Sensors.Images.Jpeg;

/// <summary>
/// Finds where a JPEG picture ends while its bytes still arrive, by its own markers; looks at each byte once.
/// </summary>
/// <remarks>
/// Goes from segment to segment by their lengths, so that the end of a thumbnail within one is not taken for the
/// picture's, and through the data of each scan to the next marker.
/// </remarks>
internal sealed class JpegFinder
{
    private int _position;
    private int _segment;
    private bool _inData;

    /// <summary>What has become of the picture.</summary>
    public enum Outcome
    {
        /// <summary>It goes on; more bytes are needed.</summary>
        Unfinished,

        /// <summary>It is there from beginning to end.</summary>
        Whole,

        /// <summary>It broke off, or its markers make no sense.</summary>
        Broken,
    }

    /// <summary>Begins a picture, whose first two bytes are known.</summary>
    public void Begin() => (_position, _segment, _inData) = (2, 2, false);

    /// <summary>Looks at what has arrived.</summary>
    /// <param name="picture">From the picture's first byte to the last that is there.</param>
    /// <param name="end">Whole: the picture's length. Broken: where to look for the next picture.</param>
    public Outcome Advance(ReadOnlySpan<byte> picture, out int end)
    {
        end = 0;
        while (_position + 2 <= picture.Length)
        {
            if (_inData && !TryPassData(picture))
                return Outcome.Unfinished;
            if (_position + 2 > picture.Length)
                break;
            if (picture[_position] != JpegMarker.Prefix)
                return Broken(_segment, out end);

            var marker = picture[_position + 1];
            if (marker == JpegMarker.Prefix)
            {
                _position++;
            }
            else if (marker == JpegMarker.EndOfImage)
            {
                end = _position + 2;
                return Outcome.Whole;
            }
            else if (!JpegMarker.HasLength(marker))
            {
                return Broken(_position, out end);
            }
            else
            {
                if (_position + 4 > picture.Length)
                    break;
                var length = BinaryPrimitives.ReadUInt16BigEndian(picture[(_position + 2)..]);
                if (length < 2)
                    return Broken(_position, out end);
                // A wrong length leads into the middle of something: then the search goes on behind where the segment
                // began.
                _segment = _position + 2;
                _position += 2 + length;
                _inData = marker == JpegMarker.StartOfScan;
            }
        }

        return Outcome.Unfinished;
    }

    /// <summary>Goes to the next marker that is not a restart; false when it has not arrived.</summary>
    private bool TryPassData(ReadOnlySpan<byte> picture)
    {
        while (true)
        {
            var next = picture[_position..].IndexOf(JpegMarker.Prefix);
            _position = next < 0 ? picture.Length : _position + next;
            if (_position + 1 >= picture.Length)
                return false;
            var follows = picture[_position + 1];
            if (follows == JpegMarker.Stuffing || JpegMarker.IsRestart(follows))
            {
                _position += 2;
                continue;
            }

            _inData = false;
            return true;
        }
    }

    private static Outcome Broken(int from, out int end)
    {
        end = from;
        return Outcome.Broken;
    }
}
