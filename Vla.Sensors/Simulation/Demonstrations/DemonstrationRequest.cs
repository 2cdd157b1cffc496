using System.Text.Json;
using Vla.Sensors.Datasets;
using Vla.Sensors.Text;

namespace Vla.Sensors.Simulation.Demonstrations;

/// <summary>
/// What a dataset of demonstrations was asked to be, kept in it so that nobody goes on with something else.
/// </summary>
/// <remarks>It lies beside <c>meta/info.json</c>, where LeRobot takes no notice of it.</remarks>
/// <param name="Seed">From which the episodes follow.</param>
/// <param name="Level">See <see cref="LevelMixture.Name"/>.</param>
/// <param name="Noise">Whether the expert is disturbed.</param>
internal sealed record DemonstrationRequest(long Seed, string Level, bool Noise)
{
    private const string FileName = "vla_record.json";

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    /// <summary>Notes it in a dataset, or holds it against what was noted there.</summary>
    /// <param name="directory">The dataset.</param>
    /// <param name="episodes">Episodes that are in it already.</param>
    /// <exception cref="DatasetException">The episodes that are there were asked for otherwise, or nobody knows
    /// how.</exception>
    public void Claim(string directory, int episodes)
    {
        var path = Path.Combine(directory, "meta", FileName);
        if (episodes > 0)
        {
            var begun = Read(directory, path);
            Same("--seed", begun.Seed, Seed);
            Same("--level", begun.Level, Level);
            Same("--noise", begun.Noise ? "on" : "off", Noise ? "on" : "off");
        }

        DatasetFiles.Replace(
            path,
            temporary => File.WriteAllText(temporary, JsonSerializer.Serialize(this, Json) + "\n")
        );

        void Same<T>(string flag, T theirs, T ours)
            where T : notnull
        {
            if (!theirs.Equals(ours))
                throw new DatasetException(
                    $"'{directory}' was begun with {flag} {theirs}, not {ours}: go on with {flag} {theirs}, or "
                        + "record into another directory"
                );
        }
    }

    private static DemonstrationRequest Read(string directory, string path)
    {
        try
        {
            return File.Exists(path)
                ? JsonSerializer.Deserialize<DemonstrationRequest>(Utf8Text.Read(path), Json)
                    ?? throw new JsonException("it is empty")
                : throw new DatasetException(
                    $"'{directory}' does not say with what seed it was begun (meta/{FileName} is missing): record "
                        + "into another directory"
                );
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(
                $"'{path}' is damaged: {exception.Message.ReplaceLineEndings(" ")}; record into another directory",
                exception
            );
        }
    }
}
