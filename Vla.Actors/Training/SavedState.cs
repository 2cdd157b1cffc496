using System.Globalization;

namespace Vla.Actors.Training;

/// <summary>How far a training was when it was saved, and what it was begun with.</summary>
internal sealed record SavedState(int Step, TrainingOptions Options, DataMark Data);

/// <summary>Enough of a training set to notice that it is another one.</summary>
/// <param name="Samples">Pictures.</param>
/// <param name="Instructions">Different ones.</param>
/// <param name="LastEpisode">Number of the last one.</param>
/// <param name="Content">Checksum of all of it; null in trainings that were saved before there was one.</param>
internal sealed record DataMark(int Samples, int Instructions, long LastEpisode, string? Content = null)
{
    public static DataMark Of(TrainingSet set) =>
        new(
            set.Count,
            set.Instructions.Count,
            set.Count == 0 ? -1 : set.Episode(set.Count - 1),
            set.Checksum().ToString("x16", CultureInfo.InvariantCulture)
        );

    public bool Fits(DataMark other) => this == (Content is null ? other with { Content = null } : other);

    public override string ToString() => $"{Samples} pictures, {Instructions} instructions";
}
