namespace Vla.Sensors.Cameras.Streams;

/// <summary>Says when each picture of a connection was taken at the earliest, from how it arrived.</summary>
/// <remarks>
/// <para>
/// A connection delivers everything, late rather than never: after a stall come the pictures of the stall, one right
/// behind the other. The moment of arrival is the time of a picture only where nothing can have waited. The rules:
/// </para>
/// <list type="number">
/// <item>A picture that says when it was taken (<c>X-Timestamp</c>) is placed by <see cref="CameraClock"/>.</item>
/// <item>Otherwise: where pictures come at their usual spacing and the line was quiet before each of three in a row,
/// nothing waits, and a picture's time is when its first byte arrived. What waits is sent as fast as the line
/// can.</item>
/// <item>After a silence, and while pictures come without a quiet moment between them, a picture is taken to be one
/// usual spacing later than the one before it, and no later than it arrived: so much later it was at least.</item>
/// <item>But no picture is older than <see cref="LargestQueue"/> bytes take at the speed at which they come, once as
/// many have come since the silence as may have been held up in it: senders do not queue more.</item>
/// </list>
/// <para>For one thread. Pictures are given in the order in which they arrived, also those that nobody decodes.</para>
/// </remarks>
/// <param name="connectedNs">When the connection was made, monotonic nanoseconds.</param>
internal sealed class ArrivalTimes(long connectedNs)
{
    /// <summary>Linux lets a connection hold back 4 MB at most, unless told otherwise.</summary>
    public const long LargestQueue = 4_000_000;

    private const int Spacings = 32;
    private const int KnownAfter = 4;
    private const int OnTimeInARow = 3;
    private const int SlowInARow = 4;
    private const int MostLate = 2;

    // A slow line is quiet between any two packets: between pictures it must be quieter by so much.
    private const int QuietPieces = 3;

    // A silence, in usual spacings, and never less than so long: shorter ones are the scheduler's.
    private const int SilentSpacings = 3;
    private const long LeastSilenceNs = 60 * MonotonicTime.NsPerMs;

    private readonly CameraClock _clock = new();
    private readonly long[] _spacings = new long[Spacings];
    private readonly int[] _sizes = new int[Spacings];
    private int _known;
    private int _next;
    private long _spacingsSumNs;
    private long _sizesSum;
    private long _count;
    private PictureArrival _last;
    private long _lastTakenNs;
    private int _onTime;
    private int _slow;
    private bool _stalled;
    private long _lateNs;
    private int _late;
    private long _heldUp;

    /// <summary>
    /// When the picture was taken at the earliest, monotonic nanoseconds; never before the one before it.
    /// </summary>
    public long TakenNs(in PictureArrival arrival)
    {
        var byArrival = _count++ == 0 ? arrival.FirstByteNs : ByArrival(arrival);
        var byCamera = arrival.CameraSeconds is { } seconds ? _clock.Place(seconds, arrival.FirstByteNs) : null;
        // Until it is known what waited, the picture may be as old as the connection.
        if (byCamera is not null && !_clock.IsSettled)
            byCamera = connectedNs;
        _last = arrival;
        return _lastTakenNs = Math.Max(_lastTakenNs, byCamera ?? byArrival);
    }

    private long ByArrival(in PictureArrival arrival)
    {
        var spacingNs = arrival.FirstByteNs - _last.FirstByteNs;
        var quietNs = QuietNs(arrival);
        var usualNs = UsualNs;
        if (usualNs == 0)
        {
            var quiet = quietNs * 10 >= spacingNs && quietNs >= MonotonicTime.NsPerMs;
            if (quiet)
                Learn(spacingNs, arrival.Bytes);
            return quiet ? arrival.FirstByteNs : Math.Max(connectedNs, arrival.FirstByteNs - QueueNs(arrival));
        }

        var silent = spacingNs > Math.Max(SilentSpacings * usualNs, LeastSilenceNs);
        _onTime = !silent && quietNs * 10 >= usualNs && spacingNs * 10 >= usualNs * 7 ? _onTime + 1 : 0;
        _slow = silent && quietNs * 10 >= spacingNs * 9 ? _slow + 1 : 0;
        if (_slow >= SlowInARow)
        {
            // One late picture after the other, none of them right behind: the camera has become slower.
            Forget();
            return arrival.FirstByteNs;
        }

        if (silent)
        {
            _stalled = true;
            _heldUp = LargestQueue + spacingNs / usualNs * (_sizesSum / _known);
        }

        // A little more than the usual spacing, so that a mean that is a little short does not add up.
        var nextNs = _lastTakenNs + usualNs + usualNs / 128;
        if (_onTime >= OnTimeInARow || nextNs >= arrival.FirstByteNs)
        {
            LearnInTime(spacingNs, arrival.Bytes, quietNs * 10 >= spacingNs);
            return arrival.FirstByteNs;
        }

        _lateNs += spacingNs;
        _late++;
        if (!_stalled)
            return Math.Max(nextNs, arrival.FirstByteNs - QueueNs(arrival));

        _heldUp -= arrival.Bytes;
        _stalled = _heldUp > 0;
        return nextNs;
    }

    /// <summary>The usual spacing, the mean of the last ones; 0 while unknown.</summary>
    private long UsualNs => _known < KnownAfter ? 0 : Math.Max(1, _spacingsSumNs / _known);

    /// <summary>
    /// How long the line was quiet before a picture; 0 when it was no quieter than between the picture's own pieces.
    /// </summary>
    private long QuietNs(in PictureArrival arrival)
    {
        var quietNs = arrival.FirstByteNs - _last.LastByteNs;
        var betweenPiecesNs = Math.Max(BetweenPiecesNs(arrival), BetweenPiecesNs(_last));
        return quietNs >= QuietPieces * betweenPiecesNs ? quietNs : 0;
    }

    private static long BetweenPiecesNs(in PictureArrival arrival) =>
        arrival.Reads < 2 ? 0 : (arrival.LastByteNs - arrival.FirstByteNs) / (arrival.Reads - 1);

    /// <summary>How long the largest queue takes at the speed at which pictures come.</summary>
    private long QueueNs(in PictureArrival arrival)
    {
        var (bytes, ns) =
            _known >= KnownAfter
                ? (_sizesSum, _spacingsSumNs)
                : (_count * arrival.Bytes, arrival.LastByteNs - connectedNs);
        return (long)((double)LargestQueue * Math.Max(ns, 1) / Math.Max(bytes, 1));
    }

    /// <summary>Learns from a picture that came in time.</summary>
    /// <remarks>
    /// One or two late ones before it belong to its spacing, as where pictures come in pairs; more were held up, and
    /// say nothing of how often the camera takes one.
    /// </remarks>
    private void LearnInTime(long spacingNs, int bytes, bool quiet)
    {
        if (!_stalled && _late <= MostLate)
        {
            var meanNs = (spacingNs + _lateNs) / (_late + 1);
            for (var n = 0; n <= _late; n++)
                Learn(meanNs, bytes);
        }
        else if (quiet)
        {
            Learn(spacingNs, bytes);
        }

        (_lateNs, _late, _stalled) = (0, 0, false);
    }

    private void Learn(long spacingNs, int bytes)
    {
        _spacingsSumNs += spacingNs - _spacings[_next];
        _sizesSum += bytes - _sizes[_next];
        (_spacings[_next], _sizes[_next]) = (spacingNs, bytes);
        _next = (_next + 1) % Spacings;
        _known = Math.Min(_known + 1, Spacings);
    }

    private void Forget()
    {
        Array.Clear(_spacings);
        Array.Clear(_sizes);
        (_known, _next, _spacingsSumNs, _sizesSum) = (0, 0, 0, 0);
        (_onTime, _slow, _stalled) = (0, 0, false);
        (_lateNs, _late) = (0, 0);
    }
}
