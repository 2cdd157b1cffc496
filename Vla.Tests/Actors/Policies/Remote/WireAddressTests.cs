using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;

namespace Vla.Tests.Actors.Policies.Remote;

public sealed class WireAddressTests
{
    [Theory]
    [InlineData("openpi://localhost:8000", "ws://localhost:8000/")]
    [InlineData("openpi://robot", "ws://robot:8000/")]
    [InlineData("openpi://[::1]:9", "ws://[::1]:9/")]
    [InlineData("openpi+tls://server.example:443", "wss://server.example/")]
    [InlineData("openpi://10.0.0.7:8001/", "ws://10.0.0.7:8001/")]
    public void It_is_a_WebSockets_address(string text, string socket) =>
        Assert.Equal(socket, WireAddress.Parse(text).Url("ws").ToString());

    [Theory]
    [InlineData("openpi://h:1?preset=droid&execute=4&timeout=250&trial=off")]
    [InlineData("openpi://h:1?layout=/a/b%20c.json&pictures=front,wrist&key=/k")]
    [InlineData("openpi+tls://h:1")]
    [InlineData("openpi+tls://h:1?ca=/etc/server.pem&fit=pad")]
    [InlineData("openvla+http://h:1?unnorm=bridge_orig&encoded=twice")]
    [InlineData("openvla+https://h:1?preset=oft_libero")]
    [InlineData("gr00t://h:1?preset=libero&form=flat")]
    public void What_was_read_is_written_again(string text) => Assert.Equal(text, WireAddress.Parse(text).ToString());

    [Fact]
    public void Files_count_from_a_folder()
    {
        var address = WireAddress.Parse("openpi://h?layout=mine.json&key=keys/k").RelativeTo("/etc/vla");

        Assert.Equal(("/etc/vla/mine.json", "/etc/vla/keys/k"), (address.LayoutFile, address.KeyFile));
    }

    [Theory]
    [InlineData("openpi:", "no address of a policy server")]
    [InlineData("openpi://", "no address of a policy server")]
    [InlineData("openpi://user:secret@h", "no address of a policy server")]
    [InlineData("openpi://h/path", "no address of a policy server")]
    [InlineData("openpi://h:99999", "no address of a policy server")]
    [InlineData("openpi://h:0", "port 0")]
    [InlineData("openpi://h?preset=franka", "features, droid, aloha, aloha_sim, libero")]
    [InlineData("openpi://h?preset=droid&preset=libero", "says 'preset' twice")]
    [InlineData("openpi://h?preset=droid&layout=x.json", "both preset and layout")]
    [InlineData("openpi://h?timeout=0", "1 to 600000")]
    [InlineData("openpi://h?timeout=soon", "1 to 600000")]
    [InlineData("openpi://h?execute=-1", "1 to 1000")]
    [InlineData("openpi://h?pictures=front,front", "different names")]
    [InlineData("openpi://h?pictures=", "different names")]
    [InlineData("openpi://h?key=", "a file")]
    [InlineData("openpi://h?api_key=secret", "option 'api_key' that is not known")]
    [InlineData("openpi://h?ca=x.pem", "begin it with openpi+tls://")]
    [InlineData("openpi+tls://h?ca=", "a file")]
    [InlineData("gr00t://h?ca=x.pem", "gr00t has none")]
    [InlineData("gr00t+tls://h", "no address of a policy server")]
    [InlineData("openvla://h", "openvla+http://HOST:PORT")]
    [InlineData("openpi://h?fit=squash", "stretch, pad or crop")]
    [InlineData("openpi://h?unnorm=x", "option 'unnorm' that is not known")]
    [InlineData("openvla+http://h?unnorm=", "1 to 200 characters")]
    [InlineData("openvla+http://h?encoded=thrice", "once or twice")]
    [InlineData("openvla+http://h?preset=droid", "openvla, oft_libero, oft_aloha")]
    [InlineData("gr00t://h?form=n2", "nested, flat, n1.5")]
    [InlineData("gr00t://h?encoded=twice", "option 'encoded' that is not known")]
    public void What_is_written_wrongly_is_refused_with_what_is_allowed(string text, string expected) =>
        Assert.Contains(
            expected,
            Assert.Throws<PolicyException>(() => WireAddress.Parse(text)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("config/policies/tabletop", false)]
    [InlineData("openpi", false)]
    [InlineData("OPENPI://h", true)]
    [InlineData("openpi+tls://h", true)]
    [InlineData("openvla+http://h", true)]
    [InlineData("openvla+https://h", true)]
    [InlineData("openvla://h", true)]
    [InlineData("gr00t://h", true)]
    [InlineData("policies/gr00t", false)]
    [InlineData("openvla-7b", false)]
    public void A_directory_is_none(string text, bool isMeant) => Assert.Equal(isMeant, WireAddress.IsMeant(text));
}
