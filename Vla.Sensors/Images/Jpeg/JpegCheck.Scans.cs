namespace Vla.Sensors.Images.Jpeg;

/// <content>Scans: the codes of the picture's blocks.</content>
internal sealed partial class JpegCheck
{
    private const int LastCoefficient = 63;
    private const int LargestDcCategory = 11;
    private const int LargestAcCategory = 10;

    // Eight times the mean of samples from -128 to 127; rounding and encoders' own overshoot on top.
    private const int LargestMean = 8 * 128 + 64;

    private const string BadCode = "has damaged picture data";

    private int _first;
    private int _last;
    private bool _refines;
    private int _low;
    private int _endOfBandRun;

    /// <summary>Reads the codes that follow a scan's header.</summary>
    /// <param name="jpeg">The whole picture.</param>
    /// <param name="header">The scan's header.</param>
    /// <param name="position">Where its data begins; afterwards, where the next marker is.</param>
    private string? ReadScan(ReadOnlySpan<byte> jpeg, ReadOnlySpan<byte> header, ref int position)
    {
        if (ReadScanHeader(header) is { } problem)
            return problem;

        var alone = _scanComponents == 1;
        var (across, down) = alone ? (_scan[0].BlocksAcross, _scan[0].BlocksDown) : (_unitsAcross, _unitsDown);
        var bits = new JpegBits(jpeg, position);
        var untilRestart = _restartInterval;
        var restarts = 0;
        BeginSegment();
        for (var y = 0; y < down; y++)
        {
            for (var x = 0; x < across; x++)
            {
                if (_restartInterval > 0 && untilRestart-- == 0)
                {
                    untilRestart = _restartInterval - 1;
                    if (!EndSegment(ref bits, jpeg, out position))
                        return "has more or fewer data than its blocks need";
                    if (jpeg[position + 1] != JpegMarker.Restart(restarts++))
                        return "has a restart marker out of turn";
                    bits = new JpegBits(jpeg, position + 2);
                    BeginSegment();
                }

                if (!(alone ? ReadBlock(ref bits, _scan[0], y * _scan[0].Stride + x) : ReadUnit(ref bits, x, y)))
                    return BadCode;
                if (bits.IsExhausted)
                    return "ends too early";
            }
        }

        if (!EndSegment(ref bits, jpeg, out position))
        {
            if (position >= 0)
                return "has more data than its blocks need";
            if (!endMayLack || _isProgressive || FindLackingEnd(bits, jpeg) is not { } end)
                return "ends too early";
            (LackingEnd, position) = (end, jpeg.Length);
        }

        for (var i = 0; i < _scanComponents; i++)
            _scan[i].IsScanned = true;
        return null;
    }

    private string? ReadScanHeader(ReadOnlySpan<byte> header)
    {
        const string damaged = "has a damaged scan header";
        if (_componentCount == 0)
            return "has a scan before its frame header";
        if (header.IsEmpty)
            return damaged;
        _scanComponents = header[0];
        if (_scanComponents is < 1 or > MaximumComponents || header.Length != 4 + 2 * _scanComponents)
            return damaged;

        var blocks = 0;
        for (var i = 0; i < _scanComponents; i++)
        {
            if (Find(header[1 + 2 * i]) is not { } component || Array.IndexOf(_scan, component, 0, i) >= 0)
                return damaged;
            var tables = header[2 + 2 * i];
            (component.DcTable, component.AcTable) = (tables >> 4, tables & 0xF);
            if (component.DcTable > 3 || component.AcTable > 3)
                return damaged;
            _scan[i] = component;
            blocks += component.Across * component.Down;
        }

        if (_scanComponents > 1 && blocks > MaximumBlocksInUnit)
            return damaged;
        var rest = header[(1 + 2 * _scanComponents)..];
        (_first, _last, _refines, _low) = (rest[0], rest[1], rest[2] >> 4 != 0, rest[2] & 0xF);
        if (_isProgressive)
        {
            if (_first > _last || _last > LastCoefficient || _low > 13)
                return damaged;
            if (_first == 0 ? _last != 0 : _scanComponents != 1)
                return damaged;
        }
        else
        {
            // Some encoders leave these fields unset; they mean nothing here.
            (_first, _last, _refines, _low) = (0, LastCoefficient, false, 0);
        }

        for (var i = 0; i < _scanComponents; i++)
        {
            if (_first == 0 && !_refines && !_dc[_scan[i].DcTable].IsDefined)
                return "lacks a Huffman table";
            if (_last > 0 && !_ac[_scan[i].AcTable].IsDefined)
                return "lacks a Huffman table";
            if (_quantisation[_scan[i].Quantisation] == 0)
                return "lacks a quantisation table";
        }

        return null;
    }

    private Component? Find(int id)
    {
        for (var i = 0; i < _componentCount; i++)
            if (_components[i].Id == id)
                return _components[i];
        return null;
    }

    private void BeginSegment()
    {
        _endOfBandRun = 0;
        for (var i = 0; i < _scanComponents; i++)
            _scan[i].Mean = 0;
    }

    /// <summary>
    /// Whether the segment ends where its blocks do; tells where the next marker is, -1 when there is none.
    /// </summary>
    private static bool EndSegment(ref JpegBits bits, ReadOnlySpan<byte> jpeg, out int marker)
    {
        (var unread, marker) = bits.End();
        return marker >= 0 && marker + 1 < jpeg.Length && unread <= ToleratedBytes;
    }

    /// <summary>Where the data end that no marker follows; null when more comes than what fills up a buffer.</summary>
    private static int? FindLackingEnd(in JpegBits bits, ReadOnlySpan<byte> jpeg)
    {
        var end = jpeg.Length - Math.Min(bits.End().Unread, jpeg.Length);
        var rest = jpeg[end..];
        if (
            rest.Length > ToleratedBytes
            && rest.ContainsAnyExcept((byte)0)
            && rest.ContainsAnyExcept(JpegMarker.Prefix)
        )
            return null;
        // Zeros are codes too: of a picture that broke off and was filled up with them, some were taken for its blocks.
        return end - 1 - jpeg.LastIndexOfAnyExcept((byte)0) <= ToleratedBytes ? end : null;
    }

    private bool ReadUnit(ref JpegBits bits, int x, int y)
    {
        for (var i = 0; i < _scanComponents; i++)
        {
            var component = _scan[i];
            for (var v = 0; v < component.Down; v++)
            {
                for (var h = 0; h < component.Across; h++)
                {
                    var block = (y * component.Down + v) * component.Stride + x * component.Across + h;
                    if (!ReadBlock(ref bits, component, block))
                        return false;
                }
            }
        }

        return true;
    }

    private bool ReadBlock(ref JpegBits bits, Component component, int block)
    {
        if (!_isProgressive)
            return ReadMean(ref bits, component) && ReadSequential(ref bits, _ac[component.AcTable]);
        if (_first > 0)
            return _refines ? ReadRefinement(ref bits, component, block) : ReadBand(ref bits, component, block);
        if (!_refines)
            return ReadMean(ref bits, component);
        bits.Read(1);
        return true;
    }

    private bool ReadMean(ref JpegBits bits, Component component)
    {
        var category = _dc[component.DcTable].Decode(ref bits);
        if (category is < 0 or > LargestDcCategory)
            return false;
        component.Mean += JpegBits.Extend(bits.Read(category), category);
        var quantum = _quantisation[component.Quantisation];
        return Math.Abs((long)component.Mean << _low) * quantum <= LargestMean + ((long)quantum << _low);
    }

    private static bool ReadSequential(ref JpegBits bits, JpegHuffman table)
    {
        for (var k = 1; k <= LastCoefficient; )
        {
            var code = table.Decode(ref bits);
            if (code < 0)
                return false;
            var (run, category) = (code >> 4, code & 0xF);
            if (category == 0)
            {
                if (run == 0)
                    return true;
                if (run != 15)
                    return false;
                k += 16;
                continue;
            }

            k += run;
            if (k > LastCoefficient || category > LargestAcCategory)
                return false;
            bits.Skip(category);
            k++;
        }

        return true;
    }

    /// <summary>First scan of a band of coefficients (T.81, G.1.2.2).</summary>
    private bool ReadBand(ref JpegBits bits, Component component, int block)
    {
        if (_endOfBandRun > 0)
        {
            _endOfBandRun--;
            return true;
        }

        var table = _ac[component.AcTable];
        for (var k = _first; k <= _last; k++)
        {
            var code = table.Decode(ref bits);
            if (code < 0)
                return false;
            var (run, category) = (code >> 4, code & 0xF);
            if (category == 0)
            {
                if (run == 15)
                {
                    k += 15;
                    continue;
                }

                _endOfBandRun = (1 << run) - 1 + (int)bits.Read(run);
                return true;
            }

            k += run;
            if (k > _last || category > LargestAcCategory)
                return false;
            bits.Skip(category);
            component.Nonzero[block] |= 1UL << k;
        }

        return true;
    }

    /// <summary>
    /// Further scan of a band: a bit for each coefficient that is not zero, and new ones (T.81, G.1.2.3).
    /// </summary>
    private bool ReadRefinement(ref JpegBits bits, Component component, int block)
    {
        ref var nonzero = ref component.Nonzero[block];
        var k = _first;
        if (_endOfBandRun == 0)
        {
            var table = _ac[component.AcTable];
            for (; k <= _last; k++)
            {
                var code = table.Decode(ref bits);
                if (code < 0)
                    return false;
                var (run, category) = (code >> 4, code & 0xF);
                if (category == 0 && run < 15)
                {
                    _endOfBandRun = (1 << run) + (int)bits.Read(run);
                    break;
                }

                if (category > 1)
                    return false;
                bits.Skip(category);
                // So many coefficients that stay zero are passed over, and all that are not zero on the way are
                // refined.
                for (; k <= _last; k++)
                {
                    if ((nonzero >> k & 1) != 0)
                        bits.Skip(1);
                    else if (run-- == 0)
                        break;
                }

                if (k > _last)
                    return category == 0;
                if (category == 1)
                    nonzero |= 1UL << k;
            }
        }

        if (_endOfBandRun == 0)
            return true;
        for (; k <= _last; k++)
            if ((nonzero >> k & 1) != 0)
                bits.Skip(1);
        _endOfBandRun--;
        return true;
    }
}
