using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Vla.Actors.Checkpoints;
using Vla.Actors.Chunks;
using Vla.Actors.Policies.Staged.Vision;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>A policy's <c>config.json</c>, read and checked.</summary>
internal sealed record PolicyConfig(
    PolicyInfo Info,
    PolicyStage<Module<Tensor, Tensor>> Vision,
    PolicyStage<Module<Tensor, Tensor>> Language,
    PolicyStage<Module<Tensor, Tensor, Tensor>> Fusion,
    PolicyStage<Module<Tensor, Tensor>> Decoder,
    ImageSpec Image,
    int SequenceLength,
    PaddingSide Padding,
    StateSpec State,
    ActionSpec Action,
    Precision Precision
)
{
    /// <summary>What the pictures are called that it wants, in its order; null for whatever there is.</summary>
    public IReadOnlyList<string>? Pictures { get; init; } = [PictureNames.Unnamed];

    /// <summary>Channels of what the vision encoder is given: three for each picture.</summary>
    public int Channels => 3 * (Pictures?.Count ?? 1);

    // Keys of "stages", and the names of the model's parts in model.safetensors.
    public const string VisionKey = "vision_encoder";
    public const string LanguageKey = "language_encoder";
    public const string FusionKey = "fusion";
    public const string DecoderKey = "action_decoder";

    // Keys of "image": pixels of the pictures that the policy was trained on.
    public const string SourceWidthKey = "source_width";
    public const string SourceHeightKey = "source_height";

    /// <summary>All four.</summary>
    public static IReadOnlyList<string> StageKeys { get; } = [VisionKey, LanguageKey, FusionKey, DecoderKey];

    /// <summary>
    /// Pixels of a picture: 2048 × 2048. The first layer of a vision encoder takes hundreds of bytes for each.
    /// </summary>
    private const int MaximumPixels = 4_194_304;

    private const int MaximumNameLength = 64;
    private const int MaximumNoteLength = 2_000;
    private const double LargestNumber = 1e6;

    /// <exception cref="PolicyException">A key is missing, unknown, or its value out of range.</exception>
    public static PolicyConfig Read(string file)
    {
        using var document = ConfigFile.Parse(file);
        return Read(file, document.RootElement);
    }

    /// <summary>The same for a file's content that has been changed in memory.</summary>
    /// <inheritdoc cref="Read(string)"/>
    public static PolicyConfig Read(string file, JsonNode content)
    {
        using var document = JsonDocument.Parse(content.ToJsonString());
        return Read(file, document.RootElement);
    }

    private static PolicyConfig Read(string file, JsonElement content)
    {
        var root = new ConfigSection(file, "", content);
        var (name, description) = (
            root.Text("name", MaximumNameLength),
            root.OptionalText("description", MaximumNoteLength)
        );
        var (trained, note) = (root.OptionalFlag("trained"), root.OptionalText("note", MaximumNoteLength));

        var stages = root.Section("stages");
        var vision = StageTypes.Read(stages.Section(VisionKey), StageTypes.Vision);
        var language = StageTypes.Read(stages.Section(LanguageKey), StageTypes.Language);
        var fusion = StageTypes.Read(stages.Section(FusionKey), StageTypes.Fusion);
        var decoder = StageTypes.Read(stages.Section(DecoderKey), StageTypes.Decoder);
        stages.CheckUnknown();

        var image = ReadImage(root.Section("image"));
        var pictures = ReadPictures(root);
        // An exported stage gets all pictures as they are stacked, and does with them what its author wanted.
        if (pictures.Count > 1 && !vision.HasOwnWeights)
        {
            var single = vision.Create;
            vision = vision with { Create = device => Several(file, single(device), pictures.Count, image) };
        }

        var text = root.Section("text");
        var sequenceLength = text.Integer("sequence_length", 1, 4_096);
        var padding = text.Choice("padding", "left", "right") == "left" ? PaddingSide.Left : PaddingSide.Right;
        text.CheckUnknown();
        var state = root.OptionalSection("state") is { } section ? ReadState(section) : StateSpec.None;
        var action = ReadAction(root.Section("action"));
        var precision = ReadPrecision(root);
        root.CheckUnknown();

        var info = new PolicyInfo
        {
            Name = name,
            Description = description ?? "",
            Trained = trained,
            Note = note ?? "",
            StageTypes = new Dictionary<string, string>
            {
                [VisionKey] = vision.Type,
                [LanguageKey] = language.Type,
                [FusionKey] = fusion.Type,
                [DecoderKey] = decoder.Type,
            },
        };
        return new PolicyConfig(
            info,
            vision,
            language,
            fusion,
            decoder,
            image,
            sequenceLength,
            padding,
            state,
            action,
            precision
        )
        {
            Pictures = pictures,
        };
    }

    private static Precision ReadPrecision(ConfigSection root) =>
        root.OptionalChoice("precision", "float32", "bfloat16", "float16") switch
        {
            "bfloat16" => Precision.BFloat16,
            "float16" => Precision.Float16,
            _ => Precision.Float32,
        };

    private static SeveralPictures Several(string file, Module<Tensor, Tensor> encoder, int count, ImageSpec image)
    {
        try
        {
            return new SeveralPictures(encoder, count, image.Height, image.Width);
        }
        catch (Exception e) when (e is ExternalException or ArgumentException)
        {
            encoder.Dispose();
            throw new PolicyException(
                $"{file}: stages.{VisionKey} does not take pictures of {image.Height} × {image.Width}: "
                    + $"{ErrorText.FirstLine(e.Message)}",
                e
            );
        }
    }

    private static IReadOnlyList<string> ReadPictures(ConfigSection root)
    {
        const string key = "images";
        if (!root.Has(key))
            return [PictureNames.Unnamed];
        var names = root.Texts(key, 1, PictureNames.Most, MaximumNameLength);
        if (names.FirstOrDefault(name => !PictureNames.IsValid(name)) is { } wrong)
            throw root.Wrong(key, ErrorText.Bounded(wrong), $"names of {PictureNames.Rule}");
        return names.Distinct(StringComparer.OrdinalIgnoreCase).Count() == names.Count
            ? names
            : throw root.Wrong(key, ErrorText.Bounded(string.Join(", ", names)), "each name once");
    }

    private static ImageSpec ReadImage(ConfigSection section)
    {
        const int channels = 3;
        var image = new ImageSpec(
            section.Integer("height", 8, 4_096),
            section.Integer("width", 8, 4_096),
            section.Numbers("mean", channels, 0, 1),
            section.Numbers("std", channels, 0.001, 10)
        )
        {
            Fit = section.OptionalChoice("fit", "stretch", "crop") == "crop" ? ImageFit.Crop : ImageFit.Stretch,
            Source = ReadSource(section),
        };
        section.CheckUnknown();
        if (image.Height * image.Width > MaximumPixels)
            throw section.Wrong(
                "height",
                $"{image.Height} and {section.Key("width")} {image.Width}",
                $"at most {MaximumPixels:N0} pixels"
            );
        return image;
    }

    private static (int Width, int Height)? ReadSource(ConfigSection section)
    {
        const int largest = 65_536;
        if (!section.Has(SourceWidthKey) && !section.Has(SourceHeightKey))
            return null;
        return (section.Integer(SourceWidthKey, 1, largest), section.Integer(SourceHeightKey, 1, largest));
    }

    private static StateSpec ReadState(ConfigSection section)
    {
        const double smallest = 1e-6;
        var names = ReadNames(section, StateSpec.MaximumDimensions);
        var state = new StateSpec(
            names,
            section.Texts("units", names.Count, names.Count, MaximumNameLength),
            section.Numbers("mean", names.Count, -LargestNumber, LargestNumber),
            section.Numbers("std", names.Count, smallest, LargestNumber)
        );
        section.CheckUnknown();
        return state;
    }

    private static ActionSpec ReadAction(ConfigSection section)
    {
        const int maximumDimensions = 64;
        var names = ReadNames(section, maximumDimensions);
        var action = new ActionSpec(
            names,
            section.Texts("units", names.Count, names.Count, MaximumNameLength),
            section.Numbers("mean", names.Count, -LargestNumber, LargestNumber),
            section.Numbers("std", names.Count, 0, LargestNumber),
            section.Integer("horizon", 1, 1_000),
            section.Number("step_ms", 0.1, 10_000)
        );
        action = action with { Execution = ReadExecution(section, action) };
        section.CheckUnknown();
        return action;
    }

    private static ChunkExecution ReadExecution(ConfigSection section, ActionSpec action)
    {
        const double largestDecay = 10;
        const string decayKey = "ensemble_decay";
        var execute = section.OptionalInteger("execute", 1, action.Horizon, ifMissing: 0);
        var blend =
            section.OptionalChoice("blend", "switch", "ensemble") == "ensemble"
                ? ChunkBlend.Ensemble
                : ChunkBlend.Switch;
        var decay = section.OptionalNumber(decayKey, -largestDecay, largestDecay, double.NaN);
        if (blend != ChunkBlend.Ensemble && !double.IsNaN(decay))
            throw section.Wrong(decayKey, "given", "only together with \"blend\": \"ensemble\"");
        return new ChunkExecution
        {
            Execute = execute == 0 ? null : execute,
            Blend = blend,
            EnsembleDecay = double.IsNaN(decay) ? ChunkExecution.DefaultEnsembleDecay : decay,
            Binary = [.. section.OptionalTexts("binary", action.Dimensions, MaximumNameLength).Select(IndexOf)],
        };

        int IndexOf(string name)
        {
            var index = action.Names.ToList().IndexOf(name);
            return index >= 0
                ? index
                : throw section.Wrong(
                    "binary",
                    ErrorText.Bounded(name),
                    $"names of action.names: {string.Join(", ", action.Names)}"
                );
        }
    }

    private static IReadOnlyList<string> ReadNames(ConfigSection section, int maximum)
    {
        var names = section.Texts("names", 1, maximum, MaximumNameLength);
        return names.Distinct(StringComparer.Ordinal).Count() == names.Count
            ? names
            : throw section.Wrong("names", ErrorText.Bounded(string.Join(", ", names)), "each name once");
    }
}
