using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Vla.Actors.Training;

/// <summary>Sizes that are the same for every sample of a <see cref="TrainingSet"/>.</summary>
/// <param name="Height">Rows of a picture, pixels.</param>
/// <param name="Width">Columns of a picture, pixels.</param>
/// <param name="State">Numbers of robot state.</param>
/// <param name="Actions">Dimensions of an action.</param>
/// <param name="Horizon">Actions in a chunk.</param>
/// <param name="Lessons">Instructions, each with its own chunk, that go with one picture.</param>
internal sealed record TrainingShape(int Height, int Width, int State, int Actions, int Horizon, int Lessons)
{
    /// <summary>Cameras whose pictures make one sample.</summary>
    public int Cameras { get; init; } = 1;

    /// <summary>
    /// Rows and columns of each camera's pictures, where they are not all alike; null where they are.
    /// </summary>
    public IReadOnlyList<(int Height, int Width)>? Sizes { get; init; }

    /// <summary>Bytes of a sample's pictures.</summary>
    public int PictureBytes => (Sizes?.Sum(size => size.Height * size.Width) ?? Cameras * Height * Width) * 3;
}

/// <summary>One instruction for a picture, with the answer.</summary>
internal readonly ref struct TrainingLesson
{
    public required string Instruction { get; init; }

    /// <summary>[horizon × actions], physical units.</summary>
    public required ReadOnlySpan<float> Chunk { get; init; }

    /// <summary>How many of the chunk's actions count; those after an episode's end do not.</summary>
    public required int Valid { get; init; }

    /// <summary>
    /// Only known from simulators, otherwise empty: x, y of the block that is meant, x, y of where it goes, as shares
    /// of the picture, and sine and cosine of four times the block's turn.
    /// </summary>
    public ReadOnlySpan<float> Truth { get; init; }
}

/// <summary>
/// What a policy learns from, in memory: pictures, states, instructions and the actions that answer them.
/// </summary>
/// <remarks>Pictures are bytes, RGB, [cameras, height, width, 3]; they become numbers a batch at a time.</remarks>
/// <param name="shape">Sizes.</param>
internal sealed class TrainingSet(TrainingShape shape)
{
    /// <summary>Numbers in <see cref="TrainingLesson.Truth"/>.</summary>
    public const int TruthLength = 6;

    private readonly List<byte[]> _pictures = [];
    private readonly List<int> _episodes = [];
    private readonly List<float> _states = [];
    private readonly List<float> _chunks = [];
    private readonly List<float> _truths = [];
    private readonly List<int> _valid = [];
    private readonly List<int> _texts = [];
    private readonly Dictionary<string, int> _textIds = new(StringComparer.Ordinal);
    private readonly List<string> _instructions = [];
    private int _lessonsWithTruth;

    public TrainingShape Shape { get; } = shape;

    /// <summary>Samples: pictures, each with its lessons.</summary>
    public int Count => _pictures.Count;

    /// <summary>Every different instruction.</summary>
    public IReadOnlyList<string> Instructions => _instructions;

    /// <summary>True when every lesson says what only a simulator knows.</summary>
    public bool HasTruth => _texts.Count > 0 && _lessonsWithTruth == _texts.Count;

    /// <summary>
    /// Adds a picture, or those of several cameras; its lessons, <see cref="TrainingShape.Lessons"/> of them, follow by
    /// <see cref="AddLesson"/>.
    /// </summary>
    /// <param name="episode">Which episode it is from.</param>
    /// <param name="rgb">[height, width, 3], of several cameras one after the other; kept, not copied.</param>
    /// <param name="state">Physical units.</param>
    public void AddPicture(int episode, byte[] rgb, ReadOnlySpan<float> state)
    {
        if (_texts.Count != Count * Shape.Lessons)
            throw new InvalidOperationException("the last picture has no lessons yet");
        if (rgb.Length != Shape.PictureBytes)
            throw new ArgumentException($"a picture has {rgb.Length} bytes", nameof(rgb));
        if (state.Length != Shape.State)
            throw new ArgumentException($"a state has {state.Length} numbers, not {Shape.State}", nameof(state));
        _pictures.Add(rgb);
        _episodes.Add(episode);
        _states.AddRange(state);
    }

    /// <summary>Adds a lesson to the picture added last.</summary>
    public void AddLesson(TrainingLesson lesson)
    {
        if (lesson.Chunk.Length != Shape.Horizon * Shape.Actions)
            throw new ArgumentException(
                $"a chunk has {lesson.Chunk.Length} numbers, not {Shape.Horizon} × {Shape.Actions}",
                nameof(lesson)
            );
        if (!_textIds.TryGetValue(lesson.Instruction, out var text))
        {
            text = _instructions.Count;
            _textIds.Add(lesson.Instruction, text);
            _instructions.Add(lesson.Instruction);
        }

        _texts.Add(text);
        _chunks.AddRange(lesson.Chunk);
        _valid.Add(lesson.Valid);
        Span<float> none = stackalloc float[TruthLength];
        if (!lesson.Truth.IsEmpty)
            _lessonsWithTruth++;
        _truths.AddRange(lesson.Truth.IsEmpty ? none : lesson.Truth);
    }

    /// <summary>The episode a sample is from.</summary>
    public int Episode(int sample) => _episodes[sample];

    public ReadOnlySpan<byte> Picture(int sample) => _pictures[sample];

    /// <summary>[state], physical units.</summary>
    public ReadOnlySpan<float> State(int sample) => Slice(_states, sample, Shape.State);

    /// <summary>Index into <see cref="Instructions"/>.</summary>
    public int Text(int sample, int lesson) => _texts[sample * Shape.Lessons + lesson];

    /// <summary>[horizon × actions], physical units.</summary>
    public ReadOnlySpan<float> Chunk(int sample, int lesson) =>
        Slice(_chunks, sample * Shape.Lessons + lesson, Shape.Horizon * Shape.Actions);

    /// <summary>How many of a chunk's actions count.</summary>
    public int Valid(int sample, int lesson) => _valid[sample * Shape.Lessons + lesson];

    /// <summary>See <see cref="TrainingLesson.Truth"/>; zeros where it is not known.</summary>
    public ReadOnlySpan<float> Truth(int sample, int lesson) =>
        Slice(_truths, sample * Shape.Lessons + lesson, TruthLength);

    /// <summary>
    /// Tells other states, actions, instructions or truths from these; pictures are left out, which another decoder
    /// gives a little otherwise.
    /// </summary>
    public ulong Checksum()
    {
        var sum = new XxHash3();
        Add(_states);
        Add(_chunks);
        Add(_truths);
        Add(_valid);
        Add(_texts);
        Add(_episodes);
        foreach (var instruction in _instructions)
            sum.Append(MemoryMarshal.AsBytes(instruction.AsSpan()));
        return sum.GetCurrentHashAsUInt64();

        void Add<T>(List<T> values)
            where T : unmanaged => sum.Append(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(values)));
    }

    private static ReadOnlySpan<float> Slice(List<float> values, int index, int length) =>
        CollectionsMarshal.AsSpan(values).Slice(index * length, length);
}
