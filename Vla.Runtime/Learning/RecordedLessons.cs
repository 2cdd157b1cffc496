using System.Globalization;
using Vla.Actors.Training;
using Vla.Sensors.Datasets;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Learning;

/// <summary>Lessons from a recorded LeRobot dataset: of a real robot, of a live run, or of <c>vla record</c>.</summary>
/// <remarks>
/// <para>
/// Written as the dataset's directory, with <c>?camera=NAME</c> where it has several cameras, and <c>?expert=off</c> to
/// learn from what was done alone where a simulator recorded more.
/// </para>
/// <para>
/// A frame's lesson is its instruction and the actions of the frames that follow, to the episode's end or to where the
/// instruction changes. With a simulator's features (<see cref="ExpertLessons"/>) there are several to a frame.
/// </para>
/// </remarks>
internal sealed record RecordedLessons : ILessonSource
{
    /// <summary>
    /// Pictures that are kept of a second of an episode where nothing else is wished: neighbours are nearly the same.
    /// </summary>
    public const double PicturesPerSecond = 10;

    private const double LargestShareOfMemory = 0.8;

    private RecordedLessons(string directory, string? camera, double fps, bool usesExpert) =>
        (Directory, Camera, Fps, UsesExpert) = (directory, camera, fps, usesExpert);

    public string Directory { get; }

    /// <summary>The camera that is named; null where none is.</summary>
    public string? Camera { get; }

    public double Fps { get; }

    /// <summary>Whether what only a simulator knows is used where it is there.</summary>
    public bool UsesExpert { get; }

    public double StepMs => 1_000 / Fps;

    public required DataColumns Columns { get; init; }

    public string? Note { get; private init; }

    /// <exception cref="UsageException">Something in it is not known.</exception>
    /// <exception cref="DatasetException">The dataset is missing, damaged or has no such camera.</exception>
    public static RecordedLessons Parse(string text)
    {
        var (directory, query) = System.IO.Directory.Exists(text) ? (text, "") : Split(text);
        if (!System.IO.Directory.Exists(directory))
            throw new UsageException(
                $"there is no dataset '{directory}': give a LeRobot dataset's directory, or world:LEVEL for the "
                    + "simulated world (see vla train --help)"
            );
        string? camera = null;
        var usesExpert = true;
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (pair.Split('=', 2))
            {
                case ["camera", { Length: > 0 } name]:
                    camera = name;
                    break;
                case ["expert", "on" or "off"]:
                    usesExpert = pair.EndsWith("on", StringComparison.Ordinal);
                    break;
                default:
                    throw new UsageException(
                        $"dataset '{text}': '{pair}' is not known; there are camera=NAME and expert=off"
                    );
            }
        }

        using var dataset = LeRobotDataset.Open(directory);
        RequireCamera(dataset, camera);
        string[] cameras = [.. dataset.Info.Cameras.Select(one => one.Name)];
        var shown =
            camera is not null ? Choose(dataset, camera)
            : cameras.Contains(DatasetFeature.FrontCamera) ? DatasetFeature.FrontCamera
            : cameras[0];
        return new RecordedLessons(directory, camera, dataset.Info.Fps, usesExpert)
        {
            Note = dataset.Note,
            Columns = new DataColumns(
                ColumnsOf(dataset, DatasetFeature.State),
                ColumnsOf(dataset, DatasetFeature.Action),
                1_000 / dataset.Info.Fps
            )
            {
                Picture = dataset.Info.Cameras.First(one => one.Name == shown).PictureSize,
                Cameras = [.. cameras.Select(NameOf)],
                Sizes = dataset
                    .Info.Cameras.Where(one => one.PictureSize is not null)
                    .ToDictionary(one => NameOf(one.Name), one => one.PictureSize!.Value),
            },
        };
    }

    /// <summary>The same without what only a simulator knows.</summary>
    public RecordedLessons WithoutExpert() =>
        new(Directory, Camera, Fps, usesExpert: false) { Columns = Columns, Note = Note };

    // Without names of their own the numbers are counted; units are not recorded.
    private static DataColumn[] ColumnsOf(LeRobotDataset dataset, string name)
    {
        if (
            dataset.Info.Features.FirstOrDefault(feature => feature.Name == name && feature.Type == FeatureType.Float32)
            is not { } feature
        )
            return [];
        return feature.Names?.Count == feature.Count
            ? [.. feature.Names.Select(one => new DataColumn(one))]
            :
            [
                .. Enumerable
                    .Range(1, feature.Count)
                    .Select(i => new DataColumn(string.Create(CultureInfo.InvariantCulture, $"{i}"))),
            ];
    }

    public TrainingSet Read(LessonWishes wishes, Action<double> progress, CancellationToken cancellation)
    {
        var policy = wishes.Policy;
        using var dataset = LeRobotDataset.Open(Directory);
        var cameras = CamerasOf(dataset, policy.Pictures);
        var reader = LessonReader.Create(
            dataset,
            policy,
            UsesExpert,
            cameras.Contains(DatasetFeature.FrontCamera) ? DatasetFeature.FrontCamera : cameras[0]
        );
        var set = new TrainingSet(
            new TrainingShape(
                policy.Image.Height,
                policy.Image.Width,
                policy.StateNames.Count,
                policy.ActionNames.Count,
                policy.Horizon,
                reader.LessonsPerFrame
            )
            {
                Cameras = cameras.Count,
                Sizes = [.. policy.Images.Select(image => (image.Height, image.Width))],
            }
        );
        RequireMemory(dataset, wishes);

        var (done, all) = (0L, dataset.Episodes.Sum(episode => (long)episode.Length));
        foreach (var episode in dataset.Episodes)
        {
            cancellation.ThrowIfCancellationRequested();
            var lessons = reader.Open(episode);
            var kept = Kept(episode, wishes.PicturesPerEpisode);
            var pictures = new byte[kept.Length][];
            for (var i = 0; i < kept.Length; i++)
                pictures[i] = new byte[set.Shape.PictureBytes];
            for (var camera = 0; camera < cameras.Count; camera++)
                ReadCamera(episode, camera, kept, pictures);
            for (var i = 0; i < kept.Length; i++)
                lessons.AddTo(set, kept[i], pictures[i]);
            progress((double)(done += episode.Length) / all);
        }

        return set;

        void ReadCamera(DatasetEpisode episode, int camera, int[] kept, byte[][] pictures)
        {
            var next = 0;
            var image = policy.Images[camera];
            var before = policy.Images.Take(camera).Sum(one => one.Height * one.Width * 3);
            var size = image.Height * image.Width * 3;
            using var preparation = new ImagePreparation(image);
            dataset.ReadPictures(
                episode,
                cameras[camera],
                (frame, picture) =>
                {
                    if (next < kept.Length && frame == kept[next])
                        preparation.PrepareBytes(picture, pictures[next++].AsSpan(before, size));
                }
            );
        }
    }

    /// <summary>Which frames of an episode are kept: evenly spread.</summary>
    internal int[] Kept(DatasetEpisode episode, int? wished)
    {
        var count = Math.Clamp(
            wished ?? (int)Math.Ceiling(episode.Length * PicturesPerSecond / Fps),
            1,
            episode.Length
        );
        return [.. Enumerable.Range(0, count).Select(i => (int)((long)i * episode.Length / count))];
    }

    private static (string Directory, string Query) Split(string text)
    {
        var mark = text.LastIndexOf('?');
        return mark < 0 ? (text, "") : (text[..mark], text[(mark + 1)..]);
    }

    /// <summary>The camera of a feature.</summary>
    internal static string NameOf(string feature) => feature.Replace(PictureNames.Prefix, "", StringComparison.Ordinal);

    private static void RequireCamera(LeRobotDataset dataset, string? wanted)
    {
        if (!dataset.Info.Cameras.Any())
            throw new DatasetException(
                $"dataset '{dataset.Directory}' has no camera (a feature of type video or image): record it with one"
            );
        if (dataset.Episodes.Count == 0)
            throw new DatasetException($"dataset '{dataset.Directory}' has no episodes: record some");
        if (wanted is not null)
            Choose(dataset, wanted);
    }

    /// <summary>The features of a policy's pictures, in its order.</summary>
    private List<string> CamerasOf(LeRobotDataset dataset, IReadOnlyList<string> pictures)
    {
        string[] cameras = [.. dataset.Info.Cameras.Select(camera => camera.Name)];
        if (pictures.Count == 1)
        {
            var itsOwn = PictureNames.Feature(pictures[0]);
            return [Camera is null && cameras.Contains(itsOwn) ? itsOwn : Choose(dataset, Camera)];
        }

        if (Camera is not null)
            throw new UsageException(
                $"dataset '{dataset.Directory}?camera={Camera}' names one camera, the policy wants the pictures "
                    + $"{string.Join(", ", pictures)} (images): leave ?camera out, or choose another --policy-config"
            );
        if (pictures.Where(name => !cameras.Contains(PictureNames.Feature(name))).ToList() is { Count: > 0 } missing)
        {
            throw new UsageException(
                $"the policy wants the pictures {string.Join(", ", pictures)} (images), "
                    + $"dataset '{dataset.Directory}' has {string.Join(", ", cameras.Select(NameOf))}: record "
                    + $"{string.Join(" and ", missing)}, or choose others with --cameras"
            );
        }

        return [.. pictures.Select(PictureNames.Feature)];
    }

    private static string Choose(LeRobotDataset dataset, string? wanted)
    {
        string[] cameras = [.. dataset.Info.Cameras.Select(camera => camera.Name)];
        var list = string.Join(", ", cameras.Select(NameOf));
        if (wanted is not null)
        {
            return cameras.FirstOrDefault(camera => camera == wanted || camera == PictureNames.Feature(wanted))
                ?? throw new UsageException($"dataset '{dataset.Directory}' has no camera '{wanted}': it has {list}");
        }

        if (cameras.Contains(DatasetFeature.FrontCamera))
            return DatasetFeature.FrontCamera;
        return cameras.Length == 1
            ? cameras[0]
            : throw new UsageException(
                $"dataset '{dataset.Directory}' has the cameras {list}: say which, '{dataset.Directory}?camera=NAME'"
            );
    }

    private void RequireMemory(LeRobotDataset dataset, LessonWishes wishes)
    {
        var pixels = wishes.Policy.Images.Sum(image => (double)image.Height * image.Width);
        var pictures = dataset.Episodes.Sum(episode => (long)Kept(episode, wishes.PicturesPerEpisode).Length);
        var needed = pictures * pixels * 3;
        var there = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed <= LargestShareOfMemory * there)
            return;
        throw new UsageException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"the {pictures:N0} pictures of dataset '{Directory}' take {needed / 1e9:0.0} GB of the machine's "
                    + $"{there / 1e9:0.0} GB of memory: keep fewer with --pictures-per-episode"
            )
        );
    }
}
