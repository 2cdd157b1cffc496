using System.Buffers.Binary;

namespace Vla.Sensors.Images.Jpeg;

/// <summary>
/// Says whether a JPEG picture is whole, without making its pixels: every marker, table and code is read.
/// </summary>
/// <remarks>
/// <para>
/// Written here because no decoder at hand says it: OpenCV gives out a picture that is half grey and lets libjpeg write
/// its complaint to standard error, where no program sees it; libjpeg itself leaves by a jump over its caller that .NET
/// does not survive; Skia passes over what libjpeg complains of. What it costs is in docs/cameras.md.
/// </para>
/// <para>
/// Damage is: a marker out of place, a missing table, a code that is none, a segment with fewer or more bytes than its
/// blocks need, a restart out of turn, a mean brightness that no picture can have, no end. Bits that were changed into
/// others as valid are not found. Reused from picture to picture by one thread; allocates nothing after the first, but
/// for progressive pictures.
/// </para>
/// </remarks>
/// <param name="endMayLack">
/// Takes a picture of which every block is there and only the end marker is not, as many webcams send it; not a
/// progressive one, of which nobody can say that it is whole.
/// </param>
internal sealed partial class JpegCheck(bool endMayLack = false)
{
    // Some webcams add so many bytes to a picture that is good (libjpeg: "extraneous bytes before marker 0xd9").
    private const int ToleratedBytes = 4;

    // Each scan is read whole: a picture of many would cost many times its size.
    private const int MaximumScans = 64;
    private const int MaximumComponents = 4;
    private const int MaximumBlocksInUnit = 10;
    private const int BlockSide = 8;

    private readonly Component[] _components = [new(), new(), new(), new()];
    private readonly JpegHuffman[] _dc = [new(), new(), new(), new()];
    private readonly JpegHuffman[] _ac = [new(), new(), new(), new()];
    private readonly int[] _quantisation = new int[4];
    private readonly Component[] _scan = new Component[MaximumComponents];
    private int _scanComponents;
    private int _componentCount;
    private int _restartInterval;
    private bool _isProgressive;
    private int _width;
    private int _height;
    private int _unitsAcross;
    private int _unitsDown;

    /// <summary>
    /// Where the data of a whole picture without an end marker end, from its beginning: there the marker belongs. Null
    /// when it has one.
    /// </summary>
    public int? LackingEnd { get; private set; }

    /// <summary>What is wrong with a picture; null when it is whole. Bytes behind its end do not count.</summary>
    /// <param name="jpeg">From its first byte on.</param>
    public string? Damage(ReadOnlySpan<byte> jpeg)
    {
        Begin();
        if (jpeg is not [JpegMarker.Prefix, JpegMarker.StartOfImage, ..])
            return "does not begin as a JPEG picture";
        var position = 2;
        var scans = 0;
        while (true)
        {
            if (LackingEnd is not null && position >= jpeg.Length)
                return AllScanned() ? null : "holds no whole picture";
            if (!TryMarker(jpeg, ref position, out var marker))
                return position >= jpeg.Length ? "ends too early" : "has something else where a marker is due";
            if (marker == JpegMarker.EndOfImage)
                return AllScanned() ? null : "holds no whole picture";
            if (!JpegMarker.HasLength(marker))
                return "has a marker out of place";
            if (jpeg.Length - position < 2)
                return "ends too early";
            var length = BinaryPrimitives.ReadUInt16BigEndian(jpeg[position..]);
            if (length < 2)
                return "has a segment without a length";
            if (length > jpeg.Length - position)
                return "ends too early";
            var segment = jpeg.Slice(position + 2, length - 2);
            position += length;
            if (Read(marker, segment) is { } problem)
                return problem;
            if (marker != JpegMarker.StartOfScan)
                continue;

            if (++scans > MaximumScans)
                return "has more scans than any camera sends";
            if (ReadScan(jpeg, segment, ref position) is { } damage)
                return damage;
        }
    }

    private void Begin()
    {
        LackingEnd = null;
        _componentCount = 0;
        _restartInterval = 0;
        Array.Clear(_quantisation);
        foreach (var table in _dc)
            table.Undefine();
        foreach (var table in _ac)
            table.Undefine();
        // Cameras that send Motion JPEG leave the tables out that everybody has (T.81, annex K.3).
        _dc[0].Define(StandardTables.LuminanceDc, out _);
        _dc[1].Define(StandardTables.ChrominanceDc, out _);
        _ac[0].Define(StandardTables.LuminanceAc, out _);
        _ac[1].Define(StandardTables.ChrominanceAc, out _);
    }

    private static bool TryMarker(ReadOnlySpan<byte> jpeg, ref int position, out byte marker)
    {
        marker = 0;
        if (position >= jpeg.Length || jpeg[position] != JpegMarker.Prefix)
            return false;
        while (position < jpeg.Length && jpeg[position] == JpegMarker.Prefix)
            position++;
        if (position >= jpeg.Length)
            return false;
        marker = jpeg[position++];
        return true;
    }

    private string? Read(byte marker, ReadOnlySpan<byte> segment) =>
        marker switch
        {
            JpegMarker.QuantisationTables => ReadQuantisation(segment),
            JpegMarker.HuffmanTables => ReadHuffman(segment),
            JpegMarker.RestartInterval when segment.Length != 2 => "has a damaged restart interval",
            JpegMarker.RestartInterval => Use(BinaryPrimitives.ReadUInt16BigEndian(segment)),
            _ when JpegMarker.IsFrame(marker) => ReadFrame(marker, segment),
            _ => null,
        };

    private string? Use(int restartInterval)
    {
        _restartInterval = restartInterval;
        return null;
    }

    private string? ReadQuantisation(ReadOnlySpan<byte> segment)
    {
        while (!segment.IsEmpty)
        {
            var (wide, number) = (segment[0] >> 4, segment[0] & 0xF);
            var length = 1 + (wide == 0 ? 64 : 128);
            if (wide > 1 || number >= _quantisation.Length || segment.Length < length)
                return "has a damaged quantisation table";
            var first = wide == 0 ? segment[1] : BinaryPrimitives.ReadUInt16BigEndian(segment[1..]);
            if (first == 0)
                return "has a damaged quantisation table";
            _quantisation[number] = first;
            segment = segment[length..];
        }

        return null;
    }

    private string? ReadHuffman(ReadOnlySpan<byte> segment)
    {
        while (!segment.IsEmpty)
        {
            var (kind, number) = (segment[0] >> 4, segment[0] & 0xF);
            if (kind > 1 || number >= _dc.Length)
                return "has a damaged Huffman table";
            if (!(kind == 0 ? _dc : _ac)[number].Define(segment[1..], out var length))
                return "has a damaged Huffman table";
            segment = segment[(1 + length)..];
        }

        return null;
    }

    private string? ReadFrame(byte marker, ReadOnlySpan<byte> segment)
    {
        const string damaged = "has a damaged frame header";
        if (_componentCount > 0)
            return "has two frame headers";
        if (marker is not (JpegMarker.BaselineFrame or JpegMarker.ExtendedFrame or JpegMarker.ProgressiveFrame))
            return "is lossless or arithmetically coded, which is not read";
        if (segment.Length < 6)
            return damaged;
        if (segment[0] != 8)
            return $"has {segment[0]} bits a channel; 8 are read";
        _isProgressive = marker == JpegMarker.ProgressiveFrame;
        _height = BinaryPrimitives.ReadUInt16BigEndian(segment[1..]);
        _width = BinaryPrimitives.ReadUInt16BigEndian(segment[3..]);
        var count = segment[5];
        if (_width == 0 || _height == 0 || count is not (1 or 3 or 4) || segment.Length != 6 + 3 * count)
            return damaged;
        if (!PictureBounds.Allows(_width, _height))
            return PictureBounds.Refusal(_width, _height);

        var (across, down) = (1, 1);
        for (var i = 0; i < count; i++)
        {
            var description = segment.Slice(6 + 3 * i, 3);
            var component = _components[i];
            component.Describe(description);
            if (component.Across is < 1 or > 4 || component.Down is < 1 or > 4 || component.Quantisation > 3)
                return damaged;
            (across, down) = (Math.Max(across, component.Across), Math.Max(down, component.Down));
        }

        _unitsAcross = Ceiling(_width, BlockSide * across);
        _unitsDown = Ceiling(_height, BlockSide * down);
        for (var i = 0; i < count; i++)
            _components[i].Place(_width, _height, across, down, _unitsAcross, _unitsDown, _isProgressive);
        _componentCount = count;
        return null;
    }

    private bool AllScanned()
    {
        for (var i = 0; i < _componentCount; i++)
            if (!_components[i].IsScanned)
                return false;
        return _componentCount > 0;
    }

    private static int Ceiling(int length, int share) => (length + share - 1) / share;

    /// <summary>One channel of the picture: brightness or a colour.</summary>
    private sealed class Component
    {
        public int Id { get; private set; }

        /// <summary>Blocks in each unit, side by side.</summary>
        public int Across { get; private set; }

        /// <summary>Blocks in each unit, one above the other.</summary>
        public int Down { get; private set; }

        public int Quantisation { get; private set; }

        /// <summary>Blocks that the picture needs when this component is scanned alone.</summary>
        public int BlocksAcross { get; private set; }

        public int BlocksDown { get; private set; }

        /// <summary>Blocks of a row, with those that only fill up the last unit.</summary>
        public int Stride { get; private set; }

        public bool IsScanned { get; set; }

        public int DcTable { get; set; }

        public int AcTable { get; set; }

        /// <summary>The last block's mean, which the next one's is told by difference from.</summary>
        public int Mean { get; set; }

        /// <summary>Progressive pictures only: for each block, which of its 64 coefficients are not zero.</summary>
        public ulong[] Nonzero { get; private set; } = [];

        public void Describe(ReadOnlySpan<byte> description)
        {
            (Id, Across, Down, Quantisation) = (
                description[0],
                description[1] >> 4,
                description[1] & 0xF,
                description[2]
            );
            IsScanned = false;
        }

        public void Place(
            int width,
            int height,
            int maximumAcross,
            int maximumDown,
            int unitsAcross,
            int unitsDown,
            bool remember
        )
        {
            BlocksAcross = Ceiling(Ceiling(width * Across, maximumAcross), BlockSide);
            BlocksDown = Ceiling(Ceiling(height * Down, maximumDown), BlockSide);
            Stride = unitsAcross * Across;
            if (!remember)
                return;

            var blocks = Stride * unitsDown * Down;
            if (Nonzero.Length < blocks)
                Nonzero = new ulong[blocks];
            else
                Array.Clear(Nonzero, 0, blocks);
        }
    }
}
