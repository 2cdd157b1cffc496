using System.Globalization;

namespace Vla.Runtime.Recording;

/// <summary>Why a frame that was due is not recorded.</summary>
internal enum DropReason
{
    /// <summary>No action was published, or seen, when it was due.</summary>
    NoAction,

    /// <summary>So many frames waited that there was no memory for it.</summary>
    TooSlow,

    /// <summary>A camera's picture was not there, or not any more.</summary>
    NoPicture,

    /// <summary>The robot's state at the pictures' moment was not known.</summary>
    NoState,

    /// <summary>A picture was of another size than the dataset's.</summary>
    WrongSize,

    /// <summary>Its episode could not be saved.</summary>
    Failed,
}

/// <summary>Counts the frames that are not recorded, by reason. From any thread.</summary>
internal sealed class DroppedFrames
{
    private static readonly string[] Words =
    [
        "no action was published when they were due",
        "the disk or the encoder is too slow",
        "a picture was not there, or not any more",
        "the robot's state was not known",
        "their pictures are of another size",
        "their episode could not be saved",
    ];

    private readonly long[] _counts = new long[Words.Length];
    private readonly long[] _said = new long[Words.Length];

    public long Total
    {
        get
        {
            var total = 0L;
            for (var i = 0; i < _counts.Length; i++)
                total += Interlocked.Read(ref _counts[i]);
            return total;
        }
    }

    public void Add(DropReason reason, long frames) => Interlocked.Add(ref _counts[(int)reason], frames);

    /// <summary>What was not said yet, in words: <c>3 frames were not recorded: …</c>; one thread asks.</summary>
    /// <returns>Null when there is nothing new.</returns>
    public string? News()
    {
        var parts = new List<(long Count, string Words)>();
        for (var i = 0; i < _counts.Length; i++)
        {
            var count = Interlocked.Read(ref _counts[i]);
            if (count > _said[i])
                parts.Add((count - _said[i], Words[i]));
            _said[i] = count;
        }

        if (parts.Count == 0)
            return null;
        var total = parts.Sum(part => part.Count);
        var why =
            parts.Count == 1
                ? parts[0].Words
                : string.Join("; ", parts.Select(part => Invariant($"{part.Count}: {part.Words}")));
        return Invariant($"{total} frames were not recorded: {why}");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
