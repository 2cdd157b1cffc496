using Vla.Sensors.Images;

namespace Vla.Actors.Policies.OpenVla.Modules;

/// <summary>How an OpenVLA is built and what its actions mean, from its <c>config.json</c>.</summary>
internal sealed record OpenVlaConfig
{
    /// <summary>The <c>model_type</c> in <c>config.json</c>.</summary>
    public const string Type = "openvla";

    private const string PreprocessorFile = "preprocessor_config.json";
    private const int LargestSize = 1_048_576;
    private const int MostLayers = 1_024;
    private const int LongestName = 256;

    /// <summary>One for each vision tower: one, or two whose features stand side by side.</summary>
    public required IReadOnlyList<OpenVlaTower> Towers { get; init; }

    /// <summary>The language model's sizes.</summary>
    public required LlamaSizes Text { get; init; }

    /// <summary>How a camera's picture comes to the towers.</summary>
    public required ImageSpec Image { get; init; }

    /// <summary>Bins of an action's value; there is a middle between each two.</summary>
    public required int Bins { get; init; }

    /// <summary>Token ids end there for words and actions; what is beyond only fills up.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>The data sets that it was trained on, by name.</summary>
    public required IReadOnlyDictionary<string, OpenVlaStatistics> Statistics { get; init; }

    /// <summary>Whether it is of the first version, which is asked in other words.</summary>
    public bool IsFirstVersion { get; init; }

    /// <param name="directory">The policy's.</param>
    /// <exception cref="PolicyException">A value is missing, out of range, or of a kind that is not computed
    /// here.</exception>
    public static OpenVlaConfig Read(string directory)
    {
        var file = Path.Combine(directory, PolicyKind.ConfigFile);
        using var document = ConfigFile.Parse(file);
        var root = new ConfigSection(file, "", document.RootElement.Clone()) { NullIsMissing = true };
        var text = root.Section("text_config");
        var vocabulary = text.OptionalInteger("vocab_size", 2, LargestSize, 32_064);
        var padding = root.OptionalInteger("pad_to_multiple_of", 0, 65_536, 64);
        var bins = root.OptionalInteger("n_action_bins", 2, 65_536, 256);
        if (padding >= vocabulary)
            throw root.Wrong("pad_to_multiple_of", $"{padding}", $"less than vocab_size, {vocabulary}");
        if (bins >= vocabulary - padding)
            throw root.Wrong("n_action_bins", $"{bins}", $"less than the vocabulary, {vocabulary - padding}");
        return new OpenVlaConfig
        {
            Towers = TowersOf(root),
            Text = LlamaSizes.Read(text),
            Image = ImageOf(directory, root),
            Bins = bins,
            Vocabulary = vocabulary - padding,
            Statistics = StatisticsOf(directory, root),
            IsFirstVersion = (root.OptionalText("_name_or_path", 4_096) ?? directory).Contains(
                "v01",
                StringComparison.Ordinal
            ),
        };
    }

    private static IReadOnlyList<OpenVlaTower> TowersOf(ConfigSection root)
    {
        var names = root.Texts("timm_model_ids", 1, 2, LongestName);
        if (root.OptionalFlag("use_fused_vision_backbone") is { } isFused && isFused != (names.Count == 2))
            throw root.Wrong("use_fused_vision_backbone", $"{isFused}", "true for two timm_model_ids");
        var overrides = root.HasList("timm_model_overrides") ? root.Sections("timm_model_overrides", 2) : [];
        return
        [
            .. names.Select(
                (name, i) =>
                    OpenVlaTower.Of(
                        root,
                        name,
                        overrides.Count > i
                            ? overrides[i].OptionalInteger("num_heads", 1, 1_024, OpenVlaTower.UsualHeads)
                            : OpenVlaTower.UsualHeads
                    )
            ),
        ];
    }

    private static ImageSpec ImageOf(string directory, ConfigSection root)
    {
        var sizes = root.Integers("image_sizes", 1, 2, 14, 4_096);
        if (sizes.Distinct().Count() > 1)
            throw root.Wrong("image_sizes", string.Join(", ", sizes), "one size for both towers");
        var strategy = root.OptionalChoice("image_resize_strategy", "resize-naive", "resize-crop", "letterbox");
        var image = new ImageSpec(sizes[0], sizes[0], [0, 0, 0], [1, 1, 1])
        {
            Sampling = ImageSampling.Bicubic,
            Fit = strategy switch
            {
                "letterbox" => ImageFit.Letterbox,
                "resize-crop" => ImageFit.Crop,
                _ => ImageFit.Stretch,
            },
        };
        return image.Fit == ImageFit.Letterbox ? Letterboxed(directory, image) : image;
    }

    /// <summary>The same picture with a border that makes it square.</summary>
    /// <param name="directory">The policy's.</param>
    /// <param name="image">As it comes otherwise.</param>
    internal static ImageSpec Letterboxed(string directory, ImageSpec image)
    {
        // As the original fills: the last tower's mean, a whole number.
        var mean = OpenVlaNormalising.Read(Path.Combine(directory, PreprocessorFile), 2)[^1].Mean[0];
        return image with { Fit = ImageFit.Letterbox, Border = (byte)(mean * 255) };
    }

    private static Dictionary<string, OpenVlaStatistics> StatisticsOf(string directory, ConfigSection root)
    {
        var fine = Path.Combine(directory, "dataset_statistics.json");
        var all = new Dictionary<string, OpenVlaStatistics>(StringComparer.Ordinal);
        if (root.OptionalSection("norm_stats") is { } stored)
            Add(stored);
        // A fine-tuned one has those of its own data beside it.
        if (File.Exists(fine))
        {
            using var document = ConfigFile.Parse(fine);
            Add(new ConfigSection(fine, "", document.RootElement.Clone()) { NullIsMissing = true });
        }

        if (all.Count == 0)
            throw root.Wrong("norm_stats", "missing", "statistics of the actions, by data set");
        return all;

        void Add(ConfigSection sets)
        {
            foreach (var name in sets.Keys)
                all[name] = OpenVlaStatistics.Read(sets.Section(name).Section("action"));
        }
    }
}
