using System.Globalization;
using OpenCvSharp;
using Vla.Actors.Training;
using Vla.Runtime.Simulation;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Demonstrations;
using Vla.Sensors.Simulation.Drawing;

namespace Vla.Runtime.Learning;

/// <summary>
/// Lessons straight from the simulated world: demonstrations of the expert that <c>vla record</c> records, without
/// files.
/// </summary>
/// <remarks>
/// Written as <c>world</c>, <c>world:level1</c>, <c>world:level2</c> or <c>world:both</c>, with
/// <c>?episodes=N&amp;seed=S</c>. Episodes are made side by side and added in order, so the same words give the same
/// data on any number of cores.
/// </remarks>
internal sealed record WorldLessons(LevelMixture Levels, int Episodes, long Seed) : ILessonSource
{
    public const string Scheme = "world";

    /// <summary>Pictures that are kept of an episode where nothing else is wished: further tables teach more.</summary>
    public const int DefaultPicturesPerEpisode = 14;

    private const int DefaultEpisodes = 5_000;
    private const int MostEpisodes = 1_000_000;
    private const int StateNumbers = 7;

    // Near the table a centimetre decides, so more of those pictures are kept.
    private const double LowHand = 0.07;
    private const double LowWeight = 1.5;
    private const double HighWeight = 0.8;

    public double StepMs => WorldAction.StepSeconds * 1_000;

    public DataColumns Columns
    {
        get
        {
            DataColumn[] numbers =
            [
                .. WorldAction.Names.Zip(WorldAction.Units, (name, unit) => new DataColumn(name, unit)),
            ];
            return new DataColumns(numbers, numbers, StepMs)
            {
                Picture = (Camera.Width, Camera.Height),
                Cameras = [PictureNames.Unnamed, TabletopFit.Wrist],
            };
        }
    }

    /// <exception cref="UsageException">Something in it is not known or out of range.</exception>
    public static WorldLessons Parse(string text)
    {
        var (head, query) = text.Split('?', 2) is [var first, var rest] ? (first, rest) : (text, "");
        var name = head.Length > Scheme.Length ? head[(Scheme.Length + 1)..] : LevelMixture.Both.Name;
        var levels =
            LevelMixture.Find(name)
            ?? throw new UsageException(
                $"dataset '{text}': level '{name}' is not one of {string.Join(", ", LevelMixture.All)}"
            );
        var source = new WorldLessons(levels, DefaultEpisodes, 0);
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            source = pair.Split('=') switch
            {
                ["episodes", var value] => source with { Episodes = (int)Number(value, 1, MostEpisodes) },
                ["seed", var value] => source with { Seed = Number(value, 0, Demonstration.SeedLimit - MostEpisodes) },
                _ => throw new UsageException(
                    $"dataset '{text}': '{pair}' is not known; there are episodes=N and seed=S"
                ),
            };
        }

        return source;

        long Number(string value, long least, long most) =>
            long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least
            && number <= most
                ? number
                : throw new UsageException($"dataset '{text}': '{value}' is not a whole number from {least} to {most}");
    }

    public TrainingSet Read(LessonWishes wishes, Action<double> progress, CancellationToken cancellation)
    {
        var (policy, state) = (wishes.Policy, wishes.Policy.StateNames.Count);
        var set = new TrainingSet(
            new TrainingShape(
                policy.Image.Height,
                policy.Image.Width,
                state,
                WorldAction.Dimensions,
                policy.Horizon,
                Demonstration.LessonCount
            )
            {
                Cameras = policy.Pictures.Count,
            }
        );
        var views = ViewsOf(policy.Pictures);
        if (state is not (0 or StateNumbers))
            throw new UsageException(
                $"the simulated world gives {StateNumbers} numbers of state, the policy takes {state}"
            );
        if (policy.Horizon > Demonstration.Horizon)
            throw new UsageException(
                $"the simulated world's expert plans {Demonstration.Horizon} actions, the policy's horizon is "
                    + $"{policy.Horizon}"
            );

        using var cameras = new ThreadLocal<Camera>(() => new Camera(policy.Image, views), trackAllValues: true);
        var done = 0;
        var episodes = ParallelEnumerable
            .Range(0, Episodes)
            .AsOrdered()
            .WithCancellation(cancellation)
            .WithMergeOptions(ParallelMergeOptions.NotBuffered)
            .Select(episode => Show(episode, wishes, cameras.Value!));
        foreach (var samples in episodes)
        {
            foreach (var sample in samples)
                Add(set, sample, policy.Horizon);
            progress((double)++done / Episodes);
        }

        foreach (var camera in cameras.Values)
            camera.Dispose();
        return set;
    }

    private static WorldView[] ViewsOf(IReadOnlyList<string> pictures) =>
        [
            .. pictures.Select(name =>
                name switch
                {
                    PictureNames.Unnamed => WorldView.Front,
                    TabletopFit.Wrist => WorldView.Wrist,
                    _ => throw new UsageException(
                        $"the policy wants the picture {name} (images), the simulated world has "
                            + $"{PictureNames.Unnamed} and {TabletopFit.Wrist}"
                    ),
                }
            ),
        ];

    private List<Sample> Show(int episode, LessonWishes wishes, Camera camera)
    {
        var (seed, level) = (Seed + episode, Levels.Of(episode));
        var length = 1;
        for (var rehearsal = Demonstration.Begin(seed, level); rehearsal.Next(); )
            length++;

        var random = new WorldRandom(seed, stream: 300);
        var wanted = wishes.PicturesPerEpisode ?? DefaultPicturesPerEpisode;
        var share = (double)wanted / length;
        var samples = new List<Sample>(wanted);
        var demonstration = Demonstration.Begin(seed, level);
        do
        {
            var weight = demonstration.Table.Gripper.Z < LowHand ? LowWeight : HighWeight;
            if (!random.Chance(share * weight))
                continue;
            var state = new float[StateNumbers];
            demonstration.Table.ReadState(state);
            samples.Add(
                new Sample(
                    episode,
                    camera.Look(demonstration.Table),
                    wishes.Policy.StateNames.Count == 0 ? [] : state,
                    demonstration.Lessons(),
                    camera.HasPlaces
                )
            );
        } while (demonstration.Next());
        return samples;
    }

    private static void Add(TrainingSet set, Sample sample, int horizon)
    {
        set.AddPicture(sample.Episode, sample.Picture, sample.State);
        Span<float> chunk = stackalloc float[horizon * WorldAction.Dimensions];
        foreach (var lesson in sample.Lessons)
        {
            for (var i = 0; i < horizon; i++)
                lesson.Chunk[i].CopyTo(chunk[(i * WorldAction.Dimensions)..]);
            set.AddLesson(
                new TrainingLesson
                {
                    Instruction = lesson.Instruction,
                    Chunk = chunk,
                    Valid = horizon,
                    Truth = sample.HasPlaces
                        ?
                        [
                            lesson.Block.X,
                            lesson.Block.Y,
                            lesson.Goal.X,
                            lesson.Goal.Y,
                            lesson.Turn.Sin,
                            lesson.Turn.Cos,
                        ]
                        : [],
                }
            );
        }
    }

    private sealed record Sample(
        int Episode,
        byte[] Picture,
        float[] State,
        IReadOnlyList<Lesson> Lessons,
        bool HasPlaces
    );

    /// <summary>
    /// Sees the table as a live policy would: 640×480, or the square in its middle where the policy crops to that.
    /// </summary>
    private sealed class Camera : IDisposable
    {
        public const int Height = 480;
        public const int Width = 640;

        private readonly TabletopRenderer[] _renderers;
        private readonly ImagePreparation _preparation;
        private readonly Mat _picture = new();
        private readonly int _bytes;

        public Camera(ImageSpec image, IReadOnlyList<WorldView> views)
        {
            IsSquare = image.Fit == ImageFit.Crop && image.Width == image.Height;
            HasPlaces = IsSquare && views.Contains(WorldView.Front);
            _renderers = [.. views.Select(view => new TabletopRenderer(IsSquare ? Height : Width, Height, view))];
            _preparation = new ImagePreparation(image);
            _bytes = image.Height * image.Width * 3;
        }

        public bool IsSquare { get; }

        /// <summary>Whether it is known where in the pictures things are.</summary>
        public bool HasPlaces { get; }

        public byte[] Look(Tabletop table)
        {
            var rgb = new byte[_renderers.Length * _bytes];
            for (var i = 0; i < _renderers.Length; i++)
            {
                _renderers[i].Draw(table, _picture);
                _preparation.PrepareBytes(_picture, rgb.AsSpan(i * _bytes, _bytes));
            }

            return rgb;
        }

        public void Dispose()
        {
            foreach (var renderer in _renderers)
                renderer.Dispose();
            _preparation.Dispose();
            _picture.Dispose();
        }
    }
}
