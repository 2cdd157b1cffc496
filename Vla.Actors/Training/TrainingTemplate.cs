using System.Text.Json.Nodes;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;

namespace Vla.Actors.Training;

/// <summary>What a policy that is to be trained wants of its data, as its <c>config.json</c> says.</summary>
/// <param name="Image">How pictures are cropped and resized.</param>
/// <param name="StateNames">Numbers of robot state, in order; empty for none.</param>
/// <param name="ActionNames">Numbers of an action, in order.</param>
/// <param name="Horizon">Actions in a chunk.</param>
internal sealed record TrainingTemplate(
    ImageSpec Image,
    IReadOnlyList<string> StateNames,
    IReadOnlyList<string> ActionNames,
    int Horizon
)
{
    /// <summary>How each of the pictures is prepared, in order; all alike where nothing else is said.</summary>
    public IReadOnlyList<ImageSpec> Images
    {
        get => field ?? [.. Pictures.Select(_ => Image)];
        init;
    }

    /// <summary>What the pictures are called, in order.</summary>
    public IReadOnlyList<string> Pictures { get; init; } = [PictureNames.Unnamed];

    /// <param name="file">A policy's <c>config.json</c>; what it leaves open comes from the data.</param>
    /// <param name="columns">What the data hold.</param>
    /// <exception cref="PolicyException">The file is no policy's <c>config.json</c>.</exception>
    public static TrainingTemplate Read(string file, DataColumns columns)
    {
        var config = PolicyConfig.Read(file, Filled(file, columns, words: 1));
        return new TrainingTemplate(config.Image, config.State.Names, config.Action.Names, config.Action.Horizon)
        {
            Pictures = config.Pictures!,
        };
    }

    /// <summary>The file's content, with what it leaves open filled in.</summary>
    /// <param name="file">A policy's <c>config.json</c>.</param>
    /// <param name="columns">What the data hold.</param>
    /// <param name="words">Tokens in the vocabulary.</param>
    /// <exception cref="PolicyException">The file is not a JSON object.</exception>
    internal static JsonObject Filled(string file, DataColumns columns, int words)
    {
        var config = TemplateFile.Read(file, $"a policy's {StagedPolicy.ConfigFile}");
        OpenTemplate.Fill(config, columns, words);
        return config;
    }
}
