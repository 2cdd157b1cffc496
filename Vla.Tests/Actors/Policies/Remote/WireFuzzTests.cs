using System.Diagnostics;
using System.Globalization;
using System.Text;
using MessagePack;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Runtime.Serving;
using Vla.Runtime.Serving.Gr00t;
using Vla.Tests.Project;
using Vla.Tests.Runtime.Serving;

namespace Vla.Tests.Actors.Policies.Remote;

/// <summary>
/// Whatever comes over a wire, it is read or refused in one line: no other exception, no hang, no growth. Some thousand
/// damaged messages for each protocol and side; as many as the environment variable VLA_FUZZ says where it is set, such
/// as 100000.
/// </summary>
public sealed class WireFuzzTests
{
    private const int Few = 2_000;

    // What a decoder may allocate for a message: so much, and so many times the message.
    private const long Allowed = 1 << 20;
    private const long AllowedForEachByte = 300;

    /// <summary>Much more than any takes, so that only what does not end is found on a busy machine.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private static readonly Dictionary<string, Decoder> Decoders = new()
    {
        ["answers of openpi's servers"] = Answers("openpi", Chunk, Text("Traceback")),
        ["answers of OpenVLA's servers"] = Answers("openvla", JsonAction, JsonChunk, Text("\"error\""), JsonError),
        ["answers of GR00T's servers"] = Answers("gr00t", Gr00tChunk, Text("ERROR"), Error),
        ["what openpi's servers say of themselves"] = Metadata("openpi", Description, [0x80]),
        ["what GR00T's servers say of themselves"] = Metadata("gr00t", Modalities, TextModalities, [0x80]),
        ["observations for openpi"] = Observations(
            "openpi",
            message => WireReader.Read(message),
            Observation,
            PictureFile(".png"),
            PictureFile(".jpg"),
            PictureFile(".webp"),
            PictureFile(".bmp")
        ),
        ["observations for GR00T"] = Observations(
            "gr00t",
            message => Gr00tMessages.Observation(WireReader.Read(message)).Observation,
            Gr00tObservation(true),
            Gr00tObservation(false)
        ),
        ["observations for OpenVLA"] = Observations(
            "openvla",
            message => WireJson.ReadWrapped(message, "encoded", out _),
            JsonObservation,
            Wrapped(JsonObservation)
        ),
        ["messages of vla-eval"] = Observations(
            "vla-eval",
            message => WireReader.Read(message).Below("payload/"),
            VlaEval
        ),
        ["messages of robo-evals"] = Observations(
            "robo-evals",
            message => WireJson.Read(message).Below("observation/"),
            RoboEvals
        ),
    };

    public static TheoryData<string> Kinds => [.. Decoders.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Damaged_messages_are_read_or_refused_in_one_line(string kind)
    {
        var decoder = Decoders[kind];
        var mutations = new Mutations(decoder.Seeds);
        var count = int.TryParse(
            Environment.GetEnvironmentVariable("VLA_FUZZ"),
            CultureInfo.InvariantCulture,
            out var many
        )
            ? many
            : Few;
        for (var number = 0; number < count; number++)
            Check($"{kind}, message {number}", decoder, mutations.Make(number));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_claims_more_than_there_is_takes_no_memory(string kind)
    {
        foreach (var (name, message) in Hostile())
            Check($"{kind}, {name}", Decoders[kind], message);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_damaged_was_fine(string kind)
    {
        var decoder = Decoders[kind];

        Assert.Null(Record.Exception(() => decoder.Read(decoder.Seeds[0])));
    }

    private static void Check(string what, Decoder decoder, byte[] message)
    {
        var (clock, before) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
        var error = Record.Exception(() => decoder.Read(message));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        what = $"{what} of {message.Length} bytes";
        Assert.True(error is null or WireException or PolicyException, $"{what}: {error}");
        Assert.False(error?.Message.Contains('\n', StringComparison.Ordinal) ?? false, $"{what}: {error?.Message}");
        Assert.True(error?.Message.Length is null or < 2_000, $"{what}: {error?.Message}");
        Assert.True(
            allocated < Allowed + AllowedForEachByte * message.Length,
            $"{what}: allocated {allocated:N0} bytes"
        );
        Assert.True(clock.Elapsed < Longest, $"{what}: took {clock.Elapsed}: {Convert.ToBase64String(message)}");
    }

    /// <summary>Small messages that say they are large, and deep ones.</summary>
    private static IEnumerable<(string Name, byte[] Message)> Hostile()
    {
        foreach (var head in new[] { "df ff ff ff ff", "dd ff ff ff ff", "db ff ff ff ff", "c6 ff ff ff ff", "c9 ff" })
        {
            yield return (head, WireBytesTests.Bytes(head));
            yield return ($"a map with {head}", WireBytesTests.Bytes($"81 a7 61 63 74 69 6f 6e 73 {head}"));
            yield return ($"a list with {head}", WireBytesTests.Bytes($"91 {head}"));
        }

        foreach (var (name, open) in new[] { ("lists", "91"), ("maps", "81 a1 61"), ("pairs", "92 91 01") })
        {
            var deep = string.Concat(Enumerable.Repeat($"{open} ", 20_000));
            yield return ($"deep {name}", WireBytesTests.Bytes($"{deep}01"));
            yield return ($"a map with deep {name}", WireBytesTests.Bytes($"81 a7 61 63 74 69 6f 6e 73 {deep}01"));
        }

        foreach (var (open, close) in new[] { ("[", "]"), ("{\"a\":", "}"), ("[[],", "]") })
        {
            var deep = string.Concat(Enumerable.Repeat(open, 20_000));
            yield return ($"deep {open}", Text(deep));
            yield return ($"deep and ended {open}", Text($"{deep}1{string.Concat(Enumerable.Repeat(close, 20_000))}"));
        }

        foreach (var shape in new[] { "[2147483647, 2147483647, 3]", "[1e9]", "[-1]", "[0, 0]", "[1,1,1,1,1,1,1,1,1]" })
            yield return (
                $"JSON {shape}",
                Text($"{{\"image\": {{\"__numpy__\": \"AAAA\", \"dtype\": \"|u1\", \"shape\": {shape}}}}}")
            );
        foreach (var shape in new[] { "(2147483647, 2147483647, 3)", "(99999999999,)", "(-1,)", "(0, 0)", "()" })
        {
            var header = $"{{'descr': '<f4', 'fortran_order': True, 'shape': {shape}, }}".PadRight(118);
            byte[] file = [0x93, .. "NUMPY"u8, 1, 0, 118, 0, .. Encoding.ASCII.GetBytes(header)];
            yield return (
                $"numpy's file {shape}",
                WireBytesTests.Written(
                    (ref MessagePackWriter to) =>
                    {
                        to.WriteMapHeader(1);
                        to.Write("action");
                        to.WriteMapHeader(2);
                        to.Write("__ndarray_class__");
                        to.Write(true);
                        to.Write("as_npy");
                        to.Write(file);
                    }
                )
            );
        }

        // A long message of nothing: its depth is none, and its parts are many.
        yield return ("many maps", [0xdc, 0xff, 0xff, .. Enumerable.Repeat((byte)0x80, 65_535)]);
        yield return (
            "many things",
            Text($"{{{string.Join(',', Enumerable.Range(0, 5_000).Select(i => $"\"{i}\":0"))}}}")
        );
        yield return ("many numbers", Text($"{{\"action\": [{string.Join(',', Enumerable.Repeat('0', 50_000))}]}}"));
        yield return ("many lists", Text($"{{\"action\": [{string.Join(',', Enumerable.Repeat("[]", 50_000))}]}}"));
    }

    private static Decoder Answers(string protocol, params byte[][] seeds)
    {
        var known = WireProtocol.All.Single(one => one.Name == protocol);
        return new Decoder(seeds, message => known.Read(message, known.Presets[0]));
    }

    private static Decoder Metadata(string protocol, params byte[][] seeds)
    {
        var known = WireProtocol.All.Single(one => one.Name == protocol);
        return new Decoder(
            seeds,
            message =>
            {
                var map = WireReader.ReadFirst(message);
                WireAnswer.ThrowIfError(map);
                known.Learn(known.Presets[0], map);
                ServerDescription.Read(map, known);
            }
        );
    }

    /// <summary>From the message to the pictures, the state and the words.</summary>
    private static Decoder Observations(string protocol, Func<byte[], WireMap> read, params byte[][] seeds)
    {
        var known = ServedProtocol.Find(protocol)!;
        var policy = ServedTabletop.Policy;
        var reader = new ObservationReader(policy, known.Reading(known.LayoutOf(policy)), "");
        return new Decoder(
            seeds,
            message =>
            {
                reader.Take(read(message), out _);
                reader.Maker()(1).Dispose();
            }
        );
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Wrapped(byte[] json) =>
        Text($"{{\"encoded\": {System.Text.Json.JsonSerializer.Serialize(Encoding.UTF8.GetString(json))}}}");

    private static byte[] Chunk => OpenPi.FakePolicyServer.Chunk(3, 7, 0.5f, inferMs: 1);

    private static byte[] Gr00tChunk => Gr00t.FakeZmqServer.Chunk(3, 0.5f, ("x", 1), ("gripper", 2));

    private static byte[] Error => Gr00t.FakeZmqServer.Error("it failed");

    private static byte[] JsonError => Text("""{"detail": "no", "error": "it failed"}""");

    private static byte[] JsonAction =>
        Text(
            """
            {"__numpy__":"mpmZmZmZuT8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA8D8=",
            "dtype":"<f8","shape":[7]}
            """
        );

    private static byte[] JsonChunk => Text("""{"actions": [[0, 1.5, -2e-3], [1, 2, 3]], "info": {"a": true}}""");

    private static byte[] Description =>
        WireBytesTests.Written((ref MessagePackWriter to) => ServerDescription.Of(ServedTabletop.Policy).Write(ref to));

    private static byte[] Modalities =>
        new Gr00tMessages(ServedTabletop.Policy, Gr00tMessages.LayoutOf(ServedTabletop.Policy)).Modalities;

    private static byte[] TextModalities =>
        WireBytesTests.Written(
            (ref MessagePackWriter to) =>
            {
                to.WriteMapHeader(1);
                to.Write("video");
                to.WriteMapHeader(1);
                to.Write("as_json");
                to.Write("""{"delta_indices": [0], "modality_keys": ["video.webcam"]}""");
            }
        );

    private static byte[] Observation => WireClient.Observation(size: 8);

    private static byte[] PictureFile(string kind) =>
        WireBytesTests.Written(
            (ref MessagePackWriter to) =>
            {
                to.WriteMapHeader(3);
                to.Write("observation.images.front");
                to.WriteMapHeader(3);
                to.Write("__image__");
                to.Write(true);
                to.Write("format");
                to.Write(kind[1..]);
                to.Write("data");
                to.Write(Encoded(kind));
                to.Write("observation.state");
                WireWriter.WriteFloats(ref to, new float[7], 7);
                to.Write("prompt");
                to.Write("pick up the red block");
            }
        );

    private static byte[] Encoded(string kind)
    {
        using var picture = new OpenCvSharp.Mat(8, 8, OpenCvSharp.MatType.CV_8UC3, new OpenCvSharp.Scalar(1, 2, 3));
        return picture.ImEncode(kind);
    }

    private static byte[] JsonObservation =>
        Text(
            $$"""
            {"image": {"__numpy__": "{{Convert.ToBase64String(new byte[8 * 8 * 3])}}", "dtype": "|u1",
            "shape": [8, 8, 3]}, "state": [0, 1, 0, 0.5, 0, 0, 1], "instruction": "pick up the red block"}
            """
        );

    private static byte[] RoboEvals =>
        Text(
            $$$"""
            {"observation": {"image": {"__ndarray__": "{{{Convert.ToBase64String(new byte[8 * 8 * 3])}}}",
            "dtype": "uint8", "shape": [8, 8, 3]}, "state": [0, 1, 0, 0.5, 0, 0, 1],
            "instruction": "pick up the red block"}}
            """
        );

    private static byte[] VlaEval =>
        WireBytesTests.Written(
            (ref MessagePackWriter to) =>
            {
                to.WriteMapHeader(3);
                to.Write("type");
                to.Write("observation");
                to.Write("seq");
                to.Write(5);
                to.Write("payload");
                to.WriteMapHeader(3);
                to.Write("images");
                to.WriteMapHeader(1);
                to.Write("front");
                WireWriter.WritePicture(ref to, new float[8 * 8 * 3], 8, 8, channelsFirst: false);
                to.Write("states");
                WireWriter.WriteFloats(ref to, new float[7], 7);
                to.Write("task_description");
                to.Write("pick up the red block");
            }
        );

    private static byte[] Gr00tObservation(bool isNested) =>
        WireBytesTests.Written(
            (ref MessagePackWriter to) =>
            {
                to.WriteMapHeader(2);
                to.Write("endpoint");
                to.Write("get_action");
                to.Write("data");
                if (isNested)
                {
                    to.WriteMapHeader(2);
                    to.Write("options");
                    to.WriteNil();
                    to.Write("observation");
                }

                to.WriteMapHeader(3);
                to.Write("video.front");
                WireWriter.BeginNumpyFile(ref to, "|u1", [1, 1, 8, 8, 3], 8 * 8 * 3);
                to.WriteRaw(new byte[8 * 8 * 3]);
                to.Write("state.state");
                WireWriter.WriteNumpyFile(ref to, new float[7], 1, 1, 7);
                to.Write("annotation.human.task_description");
                to.WriteArrayHeader(1);
                to.Write("pick up the red block");
            }
        );

    /// <param name="Seeds">Messages that are fine, the first of them surely.</param>
    /// <param name="Read">Reads one, as whoever it comes to does.</param>
    private sealed record Decoder(byte[][] Seeds, Action<byte[]> Read);
}
